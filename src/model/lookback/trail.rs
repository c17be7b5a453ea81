//! A share of a whole over six hours, a figure a minute, and the time at which it will be used up: a line of least squares through what is left
//! (Prometheus' `predict_linear` over `[6h]`, as node-exporter's mixin asks it for its `NodeFilesystemSpaceFillingUp`,
//! <https://github.com/prometheus/node_exporter/blob/master/docs/node-mixin/alerts/alerts.libsonnet>).

use super::Timestamp;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Seconds between two figures.
const STEP: i64 = 60;
/// Figures that are kept: six hours of them.
const KEPT: usize = 6 * 60 + 1;
/// Stands for a minute without a figure.
const GAP: u32 = u32::MAX;
/// Shares are kept in billionths: a terabyte to the kilobyte, and a third of what floating point takes in a text.
const WHOLE: f64 = 1e9;

/// Least figures and least seconds that a forecast rests on.
const LEAST_POINTS: usize = 5;
const LEAST_SECONDS: f64 = 300.0;
/// How many times further than it looks back a forecast looks ahead.
const REACH: f64 = 24.0;
/// A rise of what is left by this share of the whole is a cleanup, however many minutes it took.
const CLEANUP: f64 = 0.01;
/// Of what the line says of its last quarter, so much has to have come about: what stopped growing is not foretold.
const GOES_ON: f64 = 0.25;

/// What was left, minute by minute, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Trail {
    /// Second of the newest figure since 1970, in steps from that of the first.
    newest: i64,
    parts: VecDeque<u32>,
}

impl Trail {
    /// Takes a figure; of several in one minute the first stands.
    pub fn push(&mut self, at: Timestamp, left: Option<f64>) {
        let Some(left) = left.filter(|left| left.is_finite()) else { return };
        let second = at.as_second();
        let steps = if self.parts.is_empty() { 1 } else { (second - self.newest).div_euclid(STEP) };
        if steps < 1 {
            return;
        }
        if self.parts.is_empty() || steps > KEPT as i64 {
            self.parts.clear();
            self.newest = second;
        } else {
            self.parts.extend((1..steps).map(|_| GAP));
            self.newest += steps * STEP;
        }
        self.parts.push_back((left.clamp(0.0, 1.0) * WHOLE) as u32);
        while self.parts.len() > KEPT {
            self.parts.pop_front();
        }
    }

    /// Time of the newest figure.
    pub fn last(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.newest).ok().filter(|_| !self.parts.is_empty())
    }

    /// Seconds since 1970 and shares, oldest first.
    fn points(&self) -> impl Iterator<Item = (i64, f64)> + '_ {
        let first = self.newest - STEP * (self.parts.len() as i64 - 1);
        let known = self.parts.iter().enumerate().filter(|(_, part)| **part != GAP);
        known.map(move |(at, part)| (first + STEP * at as i64, f64::from(*part) / WHOLE))
    }

    /// When nothing is left if it goes on as it did; `None` where that is not known, where it does not grow, or where it is too far off to
    /// be told from what is known.
    pub fn full_at(&self, now: Timestamp, left: Option<f64>) -> Option<Timestamp> {
        let left = left?;
        if left <= 0.0 {
            return Some(now);
        }
        let second = now.as_second();
        let mut points: Vec<(f64, f64)> =
            self.points().filter(|(at, _)| *at < second).map(|(at, left)| ((at - second) as f64, left)).collect();
        points.push((0.0, left));
        let points = since_cleanup(&points);
        let span = -points.first()?.0;
        if points.len() < LEAST_POINTS || span < LEAST_SECONDS {
            return None;
        }
        let growth = -slope(points)?;
        let quarter = points.partition_point(|(at, _)| *at < -span / 4.0);
        let (since, before) = *points.get(quarter.saturating_sub(1))?;
        let is_going_on = before - left >= growth * -since * GOES_ON;
        let seconds = left / growth;
        let is_known = growth > 0.0 && is_going_on && seconds <= span * REACH;
        is_known.then(|| now.checked_add(SignedDuration::try_from_secs_f64(seconds).ok()?).ok()).flatten()
    }

    /// Moves all of it by the same amount.
    pub fn shift_time(&mut self, by: SignedDuration) {
        self.newest = self.newest.saturating_add(by.as_secs());
    }

    /// Bytes that it takes.
    pub fn size_bytes(&self) -> usize {
        size_of::<Self>() + self.parts.capacity() * size_of::<u32>()
    }
}

/// The points since the last cleanup. Where there were several, cleaning up is the habit of the place, and all of them count: the line through
/// a saw's teeth says whether it gets fuller on the whole.
fn since_cleanup(points: &[(f64, f64)]) -> &[(f64, f64)] {
    let (mut cleanups, mut start) = (0, 0);
    // Where the rise began that is going on, and its height there.
    let mut low: Option<f64> = None;
    let mut is_counted = false;
    for (at, pair) in points.windows(2).enumerate() {
        let (before, after) = (pair[0].1, pair[1].1);
        if after > before {
            let from = *low.get_or_insert(before);
            if after - from >= CLEANUP {
                cleanups += usize::from(!is_counted);
                is_counted = true;
                start = at + 1;
            }
        } else if after < before {
            (low, is_counted) = (None, false);
        }
    }
    if cleanups == 1 { &points[start..] } else { points }
}

/// Slope of the line of least squares.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let (over, under) = points
        .iter()
        .fold((0.0, 0.0), |(over, under), point| (over + (point.0 - x) * (point.1 - y), under + (point.0 - x).powi(2)));
    (under > 0.0).then(|| over / under)
}
