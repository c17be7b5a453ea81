//! Pages of a timeline, by keyset: from a place on, however far it is from the beginning.

use super::row::{Entry, entry, entry_columns, object_column};
use crate::model::{
    Timestamp,
    journal::{DisplayOrder, EventId, IncidentId},
    object::ObjectRef,
};
use compact_str::CompactString;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use std::cmp::Ordering;

/// Which events of a timeline are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Only these kinds; all where empty.
    pub kinds: Vec<CompactString>,
    /// Not these.
    pub without: Vec<CompactString>,
    pub actor: Option<CompactString>,
    pub object: Option<ObjectRef>,
}

/// From where on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Newest,
    Oldest,
    /// Those right before this one.
    Before(DisplayOrder),
    /// Those right after this one.
    After(DisplayOrder),
    /// As many before a time as from it on.
    Around(Timestamp),
}

/// A page that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// Whose events; `None` for those of no incident only.
    pub incident: Option<IncidentId>,
    /// The time, from and up to and with, of which what belongs to no incident is shown as well.
    pub ambient: Option<(Timestamp, Timestamp)>,
    pub filter: Filter,
    pub place: Place,
    /// How many events at most.
    pub limit: u32,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// In display order.
    pub entries: Vec<Entry>,
    /// Events, anywhere, that supersede one of them, or one another, the first first.
    pub edits: Vec<Entry>,
    /// Whether there are more before, and after.
    pub more_before: bool,
    pub more_after: bool,
}

/// One side of a place.
#[derive(Clone, Copy)]
enum Bound {
    None,
    Key(DisplayOrder),
    /// Events at this time lie after it.
    Time(Timestamp),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Towards the older ones.
    Back,
    On,
}

/// Reads a page.
pub async fn page(connection: &mut SqliteConnection, request: &PageRequest) -> Result<Page, sqlx::Error> {
    let limit = request.limit.clamp(1, 10_000);
    let mut page = match request.place {
        Place::Newest => back(connection, request, Bound::None, limit).await?,
        Place::Before(order) => Page { more_after: true, ..back(connection, request, Bound::Key(order), limit).await? },
        Place::Oldest => on(connection, request, Bound::None, limit).await?,
        Place::After(order) => Page { more_before: true, ..on(connection, request, Bound::Key(order), limit).await? },
        Place::Around(time) => {
            let mut before = back(connection, request, Bound::Time(time), limit / 2).await?;
            let after = on(connection, request, Bound::Time(time), limit.div_ceil(2)).await?;
            before.entries.extend(after.entries);
            Page { more_after: after.more_after, ..before }
        }
    };
    page.edits = edits(connection, &page.entries).await?;
    Ok(page)
}

async fn back(
    connection: &mut SqliteConnection,
    request: &PageRequest,
    bound: Bound,
    limit: u32,
) -> Result<Page, sqlx::Error> {
    let (mut entries, more_before) = side(connection, request, bound, Way::Back, limit).await?;
    entries.reverse();
    Ok(Page { entries, more_before, ..Page::default() })
}

async fn on(
    connection: &mut SqliteConnection,
    request: &PageRequest,
    bound: Bound,
    limit: u32,
) -> Result<Page, sqlx::Error> {
    let (entries, more_after) = side(connection, request, bound, Way::On, limit).await?;
    Ok(Page { entries, more_after, ..Page::default() })
}

/// The nearest events on one side of a bound, the nearest first, and whether there are more.
async fn side(
    connection: &mut SqliteConnection,
    request: &PageRequest,
    bound: Bound,
    way: Way,
    limit: u32,
) -> Result<(Vec<Entry>, bool), sqlx::Error> {
    let mut entries = Vec::new();
    if let Some(incident) = request.incident {
        let mut query = QueryBuilder::new(select());
        query.push("e.incident = ").push_bind(incident.0);
        entries = rest(connection, query, request, bound, way, limit).await?;
    }
    if let Some((from, to)) = request.ambient {
        let mut query = QueryBuilder::new(select());
        query.push("e.incident IS NULL AND e.occurred_at BETWEEN ").push_bind(from.as_microsecond());
        query.push(" AND ").push_bind(to.as_microsecond());
        // Nobody reads checkpoints in a timeline, unless they ask.
        if !request.filter.kinds.iter().any(|kind| kind == "checkpoint") {
            query.push(" AND e.kind <> 'checkpoint'");
        }
        entries.extend(rest(connection, query, request, bound, way, limit).await?);
    }
    entries.sort_by(|one, other| {
        let order = one.event.order().cmp(&other.event.order());
        if way == Way::Back { order.reverse() } else { order }
    });
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    Ok((entries, more))
}

fn select() -> &'static str {
    concat!(
        "SELECT ",
        entry_columns!(),
        " FROM events e INDEXED BY events_timeline LEFT JOIN bodies b ON b.event = e.local WHERE "
    )
}

async fn rest(
    connection: &mut SqliteConnection,
    mut query: QueryBuilder<Sqlite>,
    request: &PageRequest,
    bound: Bound,
    way: Way,
    limit: u32,
) -> Result<Vec<Entry>, sqlx::Error> {
    push_bound(&mut query, bound, way);
    push_filter(&mut query, &request.filter);
    query.push(match way {
        Way::Back => {
            " ORDER BY e.occurred_at DESC, e.wall_ms DESC, e.counter DESC, e.writer DESC, e.sequence DESC LIMIT "
        }
        Way::On => " ORDER BY e.occurred_at, e.wall_ms, e.counter, e.writer, e.sequence LIMIT ",
    });
    query.push_bind(i64::from(limit) + 1);
    query.build().fetch_all(connection).await?.iter().map(entry).collect()
}

fn push_bound(query: &mut QueryBuilder<Sqlite>, bound: Bound, way: Way) {
    match bound {
        Bound::None => {}
        Bound::Time(time) => {
            query.push(if way == Way::Back { " AND e.occurred_at < " } else { " AND e.occurred_at >= " });
            query.push_bind(time.as_microsecond());
        }
        Bound::Key((occurred_at, clock, writer, sequence)) => {
            query.push(" AND (e.occurred_at, e.wall_ms, e.counter, e.writer, e.sequence) ");
            query.push(if way == Way::Back { "< (" } else { "> (" });
            query.push_bind(occurred_at.as_microsecond()).push(", ").push_bind(clock.wall_ms).push(", ");
            query.push_bind(i64::from(clock.counter)).push(", ").push_bind(writer.0).push(", ");
            query.push_bind(sequence.cast_signed()).push(")");
        }
    }
}

fn push_filter(query: &mut QueryBuilder<Sqlite>, filter: &Filter) {
    for (kinds, words) in [(&filter.kinds, " AND e.kind IN ("), (&filter.without, " AND e.kind NOT IN (")] {
        if kinds.is_empty() {
            continue;
        }
        query.push(words);
        let mut list = query.separated(", ");
        for kind in kinds {
            list.push_bind(kind.to_string());
        }
        query.push(")");
    }
    if let Some(actor) = &filter.actor {
        query.push(" AND e.actor = ").push_bind(actor.to_string());
    }
    if let Some(object) = &filter.object {
        query.push(" AND e.object = ").push_bind(object_column(object));
    }
}

/// How many times an edit may be edited and still be found.
const EDITS: usize = 100;

/// What supersedes one of these, what supersedes that, and so on.
async fn edits(connection: &mut SqliteConnection, entries: &[Entry]) -> Result<Vec<Entry>, sqlx::Error> {
    let mut edits: Vec<Entry> = Vec::new();
    let mut asked: Vec<EventId> = entries.iter().map(|entry| entry.event.header.id).collect();
    for _ in 0..EDITS {
        if asked.is_empty() {
            break;
        }
        let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(concat!(
            "SELECT ",
            entry_columns!(),
            " FROM events e LEFT JOIN bodies b ON b.event = e.local WHERE e.supersedes IN ("
        ));
        let mut list = query.separated(", ");
        for id in &asked {
            list.push_bind(id.0);
        }
        query.push(")");
        let found = query.build().fetch_all(&mut *connection).await?;
        let mut found: Vec<Entry> = found.iter().map(entry).collect::<Result<_, _>>()?;
        found.retain(|edit| edits.iter().all(|known| known.local != edit.local));
        asked = found.iter().map(|edit| edit.event.header.id).collect();
        edits.append(&mut found);
    }
    edits.sort_by(clock_order);
    Ok(edits)
}

/// What was written knowing of the other comes after it.
fn clock_order(one: &Entry, other: &Entry) -> Ordering {
    let key = |entry: &Entry| (entry.event.header.clock, entry.event.header.writer, entry.event.header.sequence);
    key(one).cmp(&key(other))
}
