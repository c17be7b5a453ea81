//! What is foretold, and what is not.

use super::*;
use crate::model::mount::MountState;

/// So many minutes after the start.
fn minute(n: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + n * 60).expect("in range")
}

/// A trail of what was left at each of the minutes from 0 on, all but the last; and what the last one makes of it.
fn hours_left(left: &[f64]) -> Option<f64> {
    let (mut trail, (last, before)) = (Trail::default(), left.split_last().expect("some"));
    for (n, left) in before.iter().enumerate() {
        trail.push(minute(n as i64), Some(*left));
    }
    let now = minute(before.len() as i64);
    trail.full_at(now, Some(*last)).map(|at| at.duration_since(now).as_secs_f64() / 3_600.0)
}

fn line(from: f64, an_hour: f64, minutes: usize) -> Vec<f64> {
    (0..=minutes).map(|n| from - an_hour * n as f64 / 60.0).collect()
}

#[track_caller]
fn near(found: Option<f64>, wanted: f64) {
    assert!(found.is_some_and(|found| (found / wanted - 1.0).abs() < 0.02), "{found:?}, not {wanted}");
}

#[test]
fn what_grows_is_full_when_nothing_is_left() {
    // 30 % after two hours, a tenth an hour.
    near(hours_left(&line(0.5, 0.1, 120)), 3.0);
    near(hours_left(&line(0.9, 0.1, 360)), 3.0);
    // It goes up and down a little, and up on the whole.
    let noisy: Vec<f64> =
        line(0.5, 0.1, 120).iter().enumerate().map(|(n, left)| left + 0.002 * f64::from(n as i32 % 3)).collect();
    near(hours_left(&noisy), 3.0);
}

#[test]
fn what_does_not_grow_is_not_foretold() {
    assert_eq!(hours_left(&[0.05; 200]), None);
    assert_eq!(hours_left(&line(0.5, -0.1, 120)), None);
    // Somebody copied a tenth of it an hour ago, and that was it.
    let copied: Vec<f64> = (0..=180).map(|n| if n < 120 { 0.3 } else { 0.2 }).collect();
    assert_eq!(hours_left(&copied), None);
}

#[test]
fn a_forecast_rests_on_enough_and_reaches_no_further_than_that() {
    assert_eq!(hours_left(&line(0.5, 0.1, 4)), None, "five minutes have not passed");
    near(hours_left(&line(0.1, 0.6, 6)), 4.0 / 60.0);
    assert_eq!(hours_left(&line(0.5, 0.1, 6)), None, "six minutes do not tell of five hours");
    near(hours_left(&line(0.5, 0.1, 60)), 4.0);
    // Three figures in an hour are too few.
    let mut trail = Trail::default();
    [0, 30, 59].iter().for_each(|n| trail.push(minute(*n), Some(0.5 - *n as f64 / 600.0)));
    assert_eq!(trail.full_at(minute(60), Some(0.4)), None);
}

#[test]
fn nothing_left_is_now() {
    assert_eq!(Trail::default().full_at(minute(3), Some(0.0)), Some(minute(3)));
    assert_eq!(Trail::default().full_at(minute(3), None), None);
}

#[test]
fn a_cleanup_does_not_throw_it_off() {
    // Four hours down to 10 %, then somebody deletes 40 %, in one go or over ten minutes; it goes on as before.
    let mut at_once = line(0.5, 0.1, 240);
    at_once.extend(line(0.5, 0.1, 90));
    near(hours_left(&at_once), 3.5);
    let mut slowly = line(0.5, 0.1, 240);
    slowly.extend((1..=10).map(|n| 0.1 + 0.04 * f64::from(n)));
    slowly.extend(line(0.5, 0.1, 90));
    near(hours_left(&slowly), 3.5);
    // Right after it nothing is known yet.
    let mut just_now = line(0.5, 0.1, 240);
    just_now.extend(line(0.5, 0.1, 3));
    assert_eq!(hours_left(&just_now), None);
}

#[test]
fn what_is_cleaned_up_again_and_again_does_not_fill_up() {
    let saw: Vec<f64> = (0..=350).map(|n| 0.25 - 0.1 * f64::from(n % 60) / 60.0).collect();
    assert!(hours_left(&saw).is_none_or(|hours| hours > 24.0), "{:?}", hours_left(&saw));
    // Each time a little less comes back.
    let rising: Vec<f64> =
        (0..=350).map(|n| 0.5 - 0.06 * f64::from(n) / 60.0 - 0.03 * f64::from(n % 60) / 60.0).collect();
    assert!(hours_left(&rising).is_some_and(|hours| (1.0..4.0).contains(&hours)), "{:?}", hours_left(&rising));
}

#[test]
fn gaps_are_no_figures_and_old_ones_go() {
    let mut trail = Trail::default();
    for n in (0..600).filter(|n| !(300..340).contains(n)) {
        trail.push(minute(n), Some(0.9 - n as f64 / 1_000.0));
    }
    let now = minute(600);
    let left = trail.full_at(now, Some(0.3)).map(|at| at.duration_since(now).as_mins());
    assert!(left.is_some_and(|left| (295..305).contains(&left)), "{left:?}");
    assert!(trail.size_bytes() < 4_096);
    let text = serde_json::to_string(&trail).expect("serialises");
    assert_eq!(serde_json::from_str::<Trail>(&text).expect("reads back"), trail);
    trail.push(minute(2_000), Some(0.5));
    assert_eq!(trail.full_at(minute(2_001), Some(0.4)), None, "what was before a long gap is gone");
}

fn mount(place: &str, block: Option<&str>, free: u64) -> Mount {
    Mount {
        mount: place.into(),
        device: "x".into(),
        block: block.map(Into::into),
        fs: "ext4".into(),
        read_only: false,
        remote: false,
        state: MountState::Ready,
        total_bytes: Some(1_000),
        free_bytes: None,
        available_bytes: Some(free),
        inodes_total: Some(1_000),
        inodes_free: Some(500),
        fills: Default::default(),
    }
}

#[test]
fn mounts_of_one_file_system_have_one_past_and_read_only_ones_none() {
    let mut lookback = Lookback::default();
    let mut mounts = Vec::new();
    for n in 0..=60 {
        let free = 500 - n as u64 * 2;
        mounts = vec![mount("/var", Some("sda1"), free), mount("/srv", Some("sda1"), free), mount("/iso", None, free)];
        mounts[2].read_only = true;
        lookback.mounts(minute(n), &mut mounts);
    }
    let minutes =
        |mount: &Mount| mount.fills.space_at.map(|at| (at.duration_since(minute(60)).as_secs_f64() / 60.0).round());
    assert_eq!(mounts.iter().map(minutes).collect::<Vec<_>>(), [Some(190.0), Some(190.0), None]);
    assert_eq!(mounts[0].fills.inodes_at, None);
    assert_eq!(lookback.spaces.len(), 1);
    lookback.mounts(minute(60 + 7 * 60), &mut []);
    assert_eq!(lookback, Lookback::default(), "what is gone takes its past with it");
}

#[test]
fn a_clock_that_is_set_moves_the_past() {
    let mut trail = Trail::default();
    line(0.5, 0.1, 119).iter().enumerate().for_each(|(n, left)| trail.push(minute(n as i64), Some(*left)));
    trail.shift_time(SignedDuration::from_hours(-5));
    let now = minute(120 - 300);
    near(trail.full_at(now, Some(0.3)).map(|at| at.duration_since(now).as_secs_f64() / 3_600.0), 3.0);
}

fn network(packets: u64, errors: u64, drops: u64) -> Network {
    let [packets, errors, drops] = [packets, errors, drops].map(Some);
    Network { name: "eth0".into(), packets, errors, drops, ..Network::default() }
}

#[test]
fn shares_are_of_what_went_through_in_the_time() {
    let mut lookback = Lookback::default();
    for n in 0..=90 {
        lookback.networks(minute(n), &[network(1_000 * n as u64, 20 * n as u64, 5)]);
    }
    let now = network(91_000, 1_820, 5);
    let carried = lookback.carried(&now, minute(91), 600);
    assert_eq!(carried, Some(Carried { packets: 10_000, errors: 200, drops: 0 }));
    assert_eq!(carried.and_then(Carried::error_ratio), Some(200.0 / 10_200.0));
    let hour = lookback.carried(&now, minute(91), 3_600).expect("known for an hour");
    assert_eq!((hour.packets, hour.drop_ratio()), (60_000, Some(0.0)));
    assert!(lookback.size_bytes() < 6_000, "{}", lookback.size_bytes());
}

#[test]
fn what_is_not_known_for_as_long_has_no_share() {
    let mut lookback = Lookback::default();
    for n in 0..=20 {
        lookback.networks(minute(n), &[network(1_000 * n as u64, 0, 0)]);
    }
    let known = |packets, seconds| lookback.carried(&network(packets, 0, 0), minute(21), seconds).is_some();
    assert!(known(21_000, 600) && !known(21_000, 3_600));
    assert!(!known(5, 600), "the interface was replaced");
    let mut replaced = lookback.clone();
    replaced.networks(minute(21), &[network(5, 0, 0)]);
    assert_eq!(replaced.carried(&network(9, 0, 0), minute(22), 600), None);
    assert_eq!(lookback.carried(&Network { name: "veth1".into(), ..network(9, 0, 0) }, minute(22), 600), None);
}
