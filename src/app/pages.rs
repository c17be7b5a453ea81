//! The page of an object under keys and mouse.

use super::App;
use crate::{
    model::{
        attention::Severity,
        input::{Mouse, MouseKind},
    },
    pages,
};

impl App {
    /// Scrolling ends where the page does. Called after every key and every turn of the wheel, so that the way back is as long
    /// as the way there was.
    pub(super) fn settle_page(&mut self) {
        let Some(page) = self.view.stack.last().filter(|page| page.scroll > 0) else { return };
        let area = self.work_area();
        let most = pages::most_scroll(&self.scene(), page, area.width, area.height);
        if let Some(page) = self.view.stack.last_mut() {
            page.scroll = page.scroll.min(most);
        }
    }

    /// Selects another of the lines that lead somewhere, and brings it onto the screen.
    pub fn choose_link(&mut self, step: isize) {
        let area = self.work_area();
        let Some(page) = self.view.stack.last() else { return };
        let (links, selected) = pages::links(&self.scene(), page, area.width);
        if links.is_empty() {
            return self.notice(Severity::Info, "nothing here leads to another object");
        }
        let object = page.object.clone();
        // The first press shows what is selected.
        let to = match self.view.links.contains_key(&object) || page.tab == pages::why_tab(&object) {
            true => (selected as isize + step).rem_euclid(links.len() as isize) as usize,
            false => 0,
        };
        let line = links[to].0;
        self.view.links.insert(object, to);
        let height = usize::from(area.height.saturating_sub(5)).max(1);
        if let Some(page) = self.view.stack.last_mut() {
            page.scroll = page.scroll.clamp((line + 1).saturating_sub(height), line);
        }
        self.touch();
    }

    /// Opens what the selected line leads to.
    pub fn follow_link(&mut self) {
        let width = self.work_area().width;
        let Some(page) = self.view.stack.last() else { return };
        let (links, selected) = pages::links(&self.scene(), page, width);
        let Some((_, link)) = links.get(selected).cloned() else { return };
        self.open(link.object.clone());
        if let Some(page) = self.view.stack.last_mut() {
            page.tab = link.tab_of();
        }
    }

    /// The mouse over an object's page: what lies under the page is not touched.
    pub(super) fn point_at_page(&mut self, mouse: Mouse) {
        match mouse.kind {
            MouseKind::ScrollUp => self.move_rows(-3),
            MouseKind::ScrollDown => self.move_rows(3),
            MouseKind::Press if mouse.row == 0 => self.point_at_bar(mouse),
            MouseKind::Press => {
                let area = self.work_area();
                let Some(page) = self.view.stack.last_mut() else { return };
                if let Some(tab) = pages::tab_at(page, area, (mouse.column, mouse.row)) {
                    page.tab = tab;
                    page.scroll = 0;
                    return;
                }
                let Some(page) = self.view.stack.last() else { return };
                if let Some(at) = pages::link_at(&self.scene(), page, area.width, mouse.row, area.y) {
                    let object = page.object.clone();
                    self.view.links.insert(object, at);
                    self.follow_link();
                }
            }
            MouseKind::Drag | MouseKind::Release => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        model::{
            input::{Mouse, MouseKind},
            object::{ObjectKind, ObjectRef},
        },
        ops::gate::Policy,
        panes::tests::{app_of, world},
    };

    #[test]
    fn tabs_turn_and_scrolling_ends_with_the_page() {
        let mut app = app_of(world(), Policy::default(), (80, 24));
        app.open(ObjectRef::new(ObjectKind::Mount, "/var"));
        app.run("tab-next");
        assert_eq!(app.view.stack[0].tab, 1);
        app.run("tab-previous");
        app.run("tab-previous");
        assert_eq!(app.view.stack[0].tab, 4, "around the end");
        // The bar: Summary, Why, Events, Record, History, at the right end of the page's first row.
        let bar = 79 - " Summary  Why  Events  Record  History ".len() as u16;
        app.point_at_page(Mouse { kind: MouseKind::Press, column: bar + 11, row: 2 });
        assert_eq!(app.view.stack[0].tab, 1);
        app.view.stack[0].scroll = 10_000;
        app.settle_page();
        assert_eq!(app.view.stack[0].scroll, 0);
    }
}
