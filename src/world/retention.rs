//! Which figures are kept as history.

use super::World;
use crate::model::{
    Timestamp,
    gpu::GpuNews,
    host::{Gauges, ratio},
    series::{Metric, SeriesKey, SeriesStore},
    update::Update,
    watch::PrometheusPart,
};

impl World {
    pub(super) fn keep_series(&mut self, at: Timestamp, update: &Update) {
        let series = &mut self.series;
        match update {
            Update::Gauges(gauges) => keep_gauges(series, at, gauges),
            Update::Mounts(mounts) => {
                for mount in mounts {
                    series.push(SeriesKey::new(Metric::MountUsed, mount.mount.clone()), at, mount.used_ratio());
                }
            }
            Update::Sensors(sensors) => {
                for sensor in sensors {
                    let key = SeriesKey::new(Metric::Temperature, sensor.name.clone());
                    series.push(key, at, sensor.temperature_celsius);
                }
            }
            Update::Gpus(news) => keep_gpus(series, at, news),
            Update::Prometheus(news) => keep_watch(series, at, &news.part),
            Update::Postgres(cluster) => super::postgres::keep(series, at, cluster),
            Update::Engine(news) => super::containers::keep_usage(series, at, news),
            Update::Facts(_) => {
                if let Ok(before) = at.checked_sub(jiff::SignedDuration::from_millis(SeriesStore::KEEP_MS)) {
                    series.forget_before(before);
                }
            }
            _ => {}
        }
    }
}

fn keep_gpus(series: &mut SeriesStore, at: Timestamp, news: &GpuNews) {
    for gpu in &news.gpus {
        let key = |metric| SeriesKey::new(metric, gpu.id.clone());
        series.push(key(Metric::GpuUsed), at, gpu.utilization_ratio);
        series.push(key(Metric::GpuMemory), at, ratio(gpu.memory.used_bytes, gpu.memory.total_bytes));
        series.push(key(Metric::GpuTemperature), at, gpu.temperature.gpu_celsius);
        series.push(key(Metric::GpuPower), at, gpu.power.watts);
    }
}

fn keep_watch(series: &mut SeriesStore, at: Timestamp, part: &PrometheusPart) {
    match part {
        PrometheusPart::Slos(slos) => {
            for slo in slos {
                let key = |metric| SeriesKey::new(metric, slo.object().id);
                series.push(key(Metric::SloBurn), at, slo.present_burn().map(|(burn, _)| burn));
                series.push(key(Metric::SloBudget), at, slo.budget_left);
            }
        }
        PrometheusPart::Graph(graph) => {
            for (at, value) in &graph.points {
                series.push(SeriesKey::new(Metric::AlertValue, graph.asked.object.id.clone()), *at, Some(*value));
            }
        }
        PrometheusPart::About(_) | PrometheusPart::Fleet(_) => {}
    }
}

fn keep_gauges(series: &mut SeriesStore, at: Timestamp, gauges: &Gauges) {
    let cpu = &gauges.cpu;
    series.push(Metric::CpuUsed, at, cpu.used_ratio);
    series.push(Metric::CpuIowait, at, cpu.iowait_ratio);
    series.push(Metric::CpuSteal, at, cpu.steal_ratio);
    for (core, used) in cpu.per_core.iter().enumerate() {
        series.push(SeriesKey::new(Metric::CoreUsed, compact_str::format_compact!("{core}")), at, *used);
    }
    series.push(Metric::Load1, at, gauges.load.map(|load| load[0]));
    series.push(Metric::MemoryUsed, at, gauges.memory.used_ratio());
    series.push(Metric::SwapUsed, at, gauges.memory.swap_ratio());
    series.push(Metric::PressureCpu, at, gauges.pressure.cpu.some10);
    series.push(Metric::PressureMemory, at, gauges.pressure.memory.some10);
    series.push(Metric::PressureIo, at, gauges.pressure.io.some10);
    for device in &gauges.devices {
        let key = |metric| SeriesKey::new(metric, device.name.clone());
        series.push(key(Metric::DeviceRead), at, device.read_bytes_per_second);
        series.push(key(Metric::DeviceWrite), at, device.write_bytes_per_second);
        series.push(key(Metric::DeviceBusy), at, device.busy_ratio);
    }
    for network in &gauges.networks {
        let key = |metric| SeriesKey::new(metric, network.name.clone());
        series.push(key(Metric::NetworkReceived), at, network.received_bytes_per_second);
        series.push(key(Metric::NetworkSent), at, network.sent_bytes_per_second);
    }
}
