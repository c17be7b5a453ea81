//! `[sources]`: switches sources off, or asks them more or less often, without their knowing.

use super::{Config, SourceConfig};
use crate::{
    model::{nearest::did_you_mean, update::Update},
    source::{AnySource, Request, Source, SourceError, Spec},
};
use compact_str::CompactString;
use std::time::Duration;

/// The sources as the configuration wants them, and what it says about sources that there are none of.
pub fn apply(sources: Vec<AnySource>, config: &Config) -> (Vec<AnySource>, Vec<String>) {
    let names: Vec<_> = sources.iter().map(|source| source.spec().name).collect();
    let unknown = config.sources.keys().filter(|name| !names.iter().any(|known| known == name.as_str()));
    let warnings = unknown.map(|name| {
        let near = did_you_mean(name, names.iter().map(CompactString::as_str));
        format!("configuration: sources.{name}: there is no source «{name}»{near}; flightdeck doctor lists them")
    });
    let warnings = warnings.collect();
    let wrap = |source: AnySource| match (config.sources.get(source.spec().name.as_str()), source) {
        (Some(wanted), AnySource::Polled(source)) => {
            AnySource::Polled(Box::new(Configured { wanted: wanted.clone(), source }))
        }
        (Some(wanted), AnySource::Live(live)) if !wanted.enabled => {
            AnySource::Polled(Box::new(SwitchedOff(live.spec())))
        }
        (_, source) => source,
    };
    (sources.into_iter().map(wrap).collect(), warnings)
}

/// A source with the configuration's word on it.
struct Configured {
    wanted: SourceConfig,
    source: Box<dyn Source>,
}

/// How often a source that is switched off says so again.
const OFF: Duration = Duration::from_secs(3_600);

impl Source for Configured {
    fn spec(&self) -> Spec {
        let spec = self.source.spec();
        if !self.wanted.enabled {
            return Spec { foreground: OFF, background: Some(OFF), ..spec };
        }
        let duration = |seconds: f64| Duration::try_from_secs_f64(seconds).ok();
        let foreground = self.wanted.seconds.and_then(duration).unwrap_or(spec.foreground);
        let background = self.wanted.background_seconds.and_then(duration).or(spec.background);
        Spec { foreground, background, ..spec }
    }

    fn collect(&mut self, request: &Request) -> Result<Vec<Update>, SourceError> {
        if self.wanted.enabled {
            self.source.collect(request)
        } else {
            Err(SourceError::Off { reason: "switched off by the configuration".into() })
        }
    }
}

/// In the place of a source that tells by itself, and must not.
struct SwitchedOff(Spec);

impl Source for SwitchedOff {
    fn spec(&self) -> Spec {
        Spec { foreground: OFF, background: Some(OFF), ..self.0.clone() }
    }

    fn collect(&mut self, _: &Request) -> Result<Vec<Update>, SourceError> {
        Err(SourceError::Off { reason: "switched off by the configuration".into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::layers::{Layer, resolve},
        model::{
            Timestamp,
            topic::{Topic, TopicSet},
        },
    };

    struct Plain(&'static str);

    impl Source for Plain {
        fn spec(&self) -> Spec {
            Spec {
                name: self.0.into(),
                kind: "test".into(),
                topics: Topic::Own.into(),
                foreground: Duration::from_secs(1),
                background: None,
                deadline: Duration::from_secs(1),
            }
        }
        fn collect(&mut self, _: &Request) -> Result<Vec<Update>, SourceError> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn sources_are_switched_off_and_slowed_down() {
        let text = "[sources.\"test/a\"]\nenabled = false\n[sources.\"test/b\"]\nseconds = 5\nbackground-seconds = 60.0\n[sources.\"test/x\"]\n";
        let loaded = resolve(&[Layer::File { path: "c".into(), text: text.into() }]);
        assert_eq!(loaded.warnings, []);
        let all: Vec<Box<dyn Source>> =
            vec![Box::new(Plain("test/a")), Box::new(Plain("test/b")), Box::new(Plain("test/c"))];
        let (sources, warnings) = apply(all.into_iter().map(AnySource::from).collect(), &loaded.config);
        let polled = |source| match source {
            AnySource::Polled(source) => Some(source),
            AnySource::Live(_) => None,
        };
        let mut sources: Vec<_> = sources.into_iter().filter_map(polled).collect();
        let request = Request { at: Timestamp::UNIX_EPOCH, wanted: TopicSet::EMPTY, ..Request::default() };
        assert!(matches!(sources[0].collect(&request), Err(SourceError::Off { .. })));
        assert!(sources[1].collect(&request).is_ok());
        let spec = sources[1].spec();
        assert_eq!((spec.foreground.as_secs(), spec.background.map(|b| b.as_secs())), (5, Some(60)));
        assert_eq!(sources[2].spec(), Plain("test/c").spec());
        assert_eq!(
            warnings,
            [
                "configuration: sources.test/x: there is no source «test/x» (did you mean «test/a»?); flightdeck doctor lists them"
            ]
        );
    }
}
