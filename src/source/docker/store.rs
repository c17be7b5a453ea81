//! What an engine stores: images, volumes, networks, who uses them, and what a prune would free.

use super::{
    read::time,
    wire::{ImageSummary, NetworkSummary, VolumeSummary, Volumes},
};
use crate::{
    client::docker::raw,
    model::{
        Timestamp,
        container::{Container, ContainerState, EngineDisk, EngineNetwork, EnginePart, Image, Volume},
        rows::Delta,
    },
};
use bollard::{Docker, errors::Error};
use compact_str::CompactString;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Counting what everything takes makes the engine walk its disk.
const PATIENCE_FOR_DISK: Duration = Duration::from_secs(120);

/// What is stored, as the engine lists it.
pub(super) struct Stores {
    images: Vec<ImageSummary>,
    volumes: Vec<VolumeSummary>,
    networks: Vec<NetworkSummary>,
}

/// Bytes that volumes take, by name.
pub(super) type Sizes = BTreeMap<CompactString, u64>;

/// What it takes on disk.
pub(super) struct Disk {
    pub totals: EngineDisk,
    /// The volumes, where the engine tells them with their sizes.
    pub volumes: Option<Vec<VolumeSummary>>,
}

impl Disk {
    /// What the volumes take; those that were not counted are left out.
    pub fn sizes(&self) -> Sizes {
        // -1 stands for a size that was not counted.
        let size = |volume: &VolumeSummary| volume.usage.as_ref()?.size.and_then(|size| u64::try_from(size).ok());
        let volumes = self.volumes.iter().flatten();
        volumes.filter_map(|volume| Some((volume.name.as_str().into(), size(volume)?))).collect()
    }
}

/// Reads the lists.
pub(super) async fn read(docker: &Docker) -> Result<Stores, Error> {
    let (images, volumes, networks) = futures_util::future::join3(
        raw::json(docker, "/images/json"),
        raw::json::<Volumes>(docker, "/volumes"),
        raw::json(docker, "/networks"),
    )
    .await;
    Ok(Stores { images: images?, volumes: volumes?.volumes, networks: networks? })
}

/// What an image is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImageNames {
    pub tag: Option<CompactString>,
    /// `sha256:…`, as the registry knows it.
    pub digest: Option<CompactString>,
}

/// What images are called, by their ids.
pub(super) type Names = BTreeMap<CompactString, ImageNames>;

/// What the images of a list are called.
pub(super) fn names(images: Vec<ImageSummary>) -> Names {
    let names = |image: ImageSummary| {
        let digest = image.digests.iter().find_map(|name| name.split_once('@')).map(|(_, digest)| digest);
        let tag = image.tags.iter().find(|tag| !tag.starts_with("<none>"));
        let names = ImageNames {
            tag: tag.map(Into::into),
            digest: digest.filter(|digest| digest.starts_with("sha256:")).map(Into::into),
        };
        (image.id.into(), names)
    };
    images.into_iter().map(names).collect()
}

/// Names of the containers that pass.
fn users<'a>(rows: impl Iterator<Item = &'a Arc<Container>>, uses: impl Fn(&Container) -> bool) -> Vec<CompactString> {
    let mut names: Vec<_> = rows.filter(|row| uses(row)).map(|row| row.name.clone()).collect();
    names.sort();
    names
}

impl Stores {
    /// As news.
    pub fn parts<'a>(
        self,
        engine: &CompactString,
        rows: impl Iterator<Item = &'a Arc<Container>> + Clone,
        sizes: &Sizes,
    ) -> Vec<EnginePart> {
        let names =
            |list: Vec<String>| list.into_iter().filter(|name| !name.starts_with("<none>")).map(Into::into).collect();
        let image = |image: ImageSummary| {
            Arc::new(Image {
                engine: engine.clone(),
                used_by: users(rows.clone(), |row| row.image_id == image.id),
                id: image.id.into(),
                tags: names(image.tags),
                digests: names(image.digests),
                size_bytes: image.size.and_then(|size| u64::try_from(size).ok()),
                created_at: image.created.and_then(|at| Timestamp::from_second(at).ok()),
            })
        };
        let network = |network: NetworkSummary| {
            Arc::new(EngineNetwork {
                engine: engine.clone(),
                used_by: users(rows.clone(), |row| row.networks.iter().any(|name| *name == network.name)),
                builtin: matches!(network.name.as_str(), "bridge" | "host" | "none" | "podman"),
                id: network.id.into(),
                name: network.name.into(),
                driver: network.driver.into(),
                internal: network.internal,
                subnets: network.ipam.config.into_iter().map(|config| config.subnet.into()).collect(),
                created_at: time(&network.created),
            })
        };
        let images = self.images.into_iter().map(image).collect();
        let networks = self.networks.into_iter().map(network).collect();
        vec![
            EnginePart::Images(Delta::All(images)),
            volumes(engine, self.volumes, rows.clone(), sizes),
            EnginePart::Networks(Delta::All(networks)),
        ]
    }
}

/// Volumes as news.
pub(super) fn volumes<'a>(
    engine: &CompactString,
    volumes: Vec<VolumeSummary>,
    rows: impl Iterator<Item = &'a Arc<Container>> + Clone,
    sizes: &Sizes,
) -> EnginePart {
    let volume = |volume: VolumeSummary| {
        Arc::new(Volume {
            engine: engine.clone(),
            used_by: users(rows.clone(), |row| row.volumes.iter().any(|name| *name == volume.name)),
            project: volume.labels.get("com.docker.compose.project").map(Into::into),
            size_bytes: sizes.get(volume.name.as_str()).copied(),
            name: volume.name.into(),
            driver: volume.driver.into(),
            mountpoint: volume.mountpoint.into(),
            created_at: time(&volume.created),
        })
    };
    EnginePart::Volumes(Delta::All(volumes.into_iter().map(volume).collect()))
}

/// Asks what everything takes. Up to version 1.51 of the API the engine lists every object, and the sums are ours; from 1.52 on it sums up
/// by itself.
pub(super) async fn disk(docker: &Docker) -> Result<Disk, Error> {
    let docker = docker.clone().with_timeout(PATIENCE_FOR_DISK);
    let mut answer: Value = raw::json(&docker, "/system/df").await?;
    let totals = totals(&answer);
    let volumes = answer.get_mut("Volumes").map(Value::take);
    Ok(Disk { totals, volumes: volumes.and_then(|volumes| serde_json::from_value(volumes).ok()) })
}

fn number(value: &Value, key: &str) -> Option<u64> {
    value.get(key).and_then(Value::as_i64).and_then(|number| u64::try_from(number).ok())
}

fn totals(answer: &Value) -> EngineDisk {
    let summed = |key: &str| answer.get(key).map(|part| (number(part, "TotalSize"), number(part, "Reclaimable")));
    let list = |key: &str| answer.get(key).and_then(Value::as_array);
    let sum = |key: &str, size: &dyn Fn(&Value) -> Option<u64>, waste: &dyn Fn(&Value) -> bool| {
        let all = list(key)?;
        let sum = |part: &mut dyn Iterator<Item = &Value>| part.filter_map(size).sum::<u64>();
        Some((Some(sum(&mut all.iter())), Some(sum(&mut all.iter().filter(|item| waste(item))))))
    };
    let containers = sum("Containers", &|item| number(item, "SizeRw").or(Some(0)), &|item| {
        let state = item.get("State").and_then(Value::as_str).map(super::read::state);
        matches!(state, Some(ContainerState::Exited | ContainerState::Created | ContainerState::Dead))
    });
    let usage = |item: &Value, key: &str| item.get("UsageData").and_then(|usage| number(usage, key));
    let volumes = sum("Volumes", &|item| usage(item, "Size"), &|item| usage(item, "RefCount") == Some(0));
    // Layers that images share are counted once in the sum, and not as waste.
    let own = |item: &Value| Some(number(item, "Size")?.saturating_sub(number(item, "SharedSize").unwrap_or(0)));
    let images = sum("Images", &own, &|item| number(item, "Containers") == Some(0));
    let images = images.map(|(all, waste)| (number(answer, "LayersSize").or(all), waste));
    let cache = sum("BuildCache", &|item| number(item, "Size"), &|item| {
        item.get("InUse").and_then(Value::as_bool) == Some(false)
    });
    let split = |part: Option<(Option<u64>, Option<u64>)>| part.unwrap_or((None, None));
    let (images_bytes, images_unused_bytes) = split(images.or_else(|| summed("ImageUsage")));
    let (containers_bytes, containers_unused_bytes) = split(containers.or_else(|| summed("ContainerUsage")));
    let (volumes_bytes, volumes_unused_bytes) = split(volumes.or_else(|| summed("VolumeUsage")));
    let (build_cache_bytes, build_cache_unused_bytes) = split(cache.or_else(|| summed("BuildCacheUsage")));
    EngineDisk {
        images_bytes,
        images_unused_bytes,
        containers_bytes,
        containers_unused_bytes,
        volumes_bytes,
        volumes_unused_bytes,
        build_cache_bytes,
        build_cache_unused_bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_prune_would_free_is_summed() {
        let old = json!({
            "LayersSize": 1000,
            "Images": [{ "Size": 600, "SharedSize": 100, "Containers": 2 }, { "Size": 400, "SharedSize": 100, "Containers": 0 }],
            "Containers": [{ "SizeRw": 10, "State": "running" }, { "SizeRw": 5, "State": "exited" }, { "State": "created" }],
            "Volumes": [{ "UsageData": { "Size": 7, "RefCount": 0 } }, { "UsageData": { "Size": 8, "RefCount": 1 } },
                { "UsageData": { "Size": -1, "RefCount": 0 } }],
            "BuildCache": null,
        });
        let disk = totals(&old);
        assert_eq!((disk.images_bytes, disk.images_unused_bytes), (Some(1000), Some(300)));
        assert_eq!((disk.containers_bytes, disk.containers_unused_bytes), (Some(15), Some(5)));
        assert_eq!((disk.volumes_bytes, disk.volumes_unused_bytes), (Some(15), Some(7)));
        assert_eq!(disk.build_cache_bytes, None);
        let new = json!({ "ImageUsage": { "TotalSize": 50, "Reclaimable": 20 } });
        assert_eq!((totals(&new).images_bytes, totals(&new).images_unused_bytes), (Some(50), Some(20)));
        assert_eq!(totals(&new).volumes_bytes, None);
    }
}
