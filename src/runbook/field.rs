//! Forms: operations and questions as a runbook has them, with templates in their places, and as they are done, with values. `forms`
//! declares both at once, so that neither can have a field that the other lacks.

use super::{
    amount,
    template::{Piece, Scope, Template, Unbound},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeMap, fmt};

/// Something that holds templates.
pub trait Templated {
    /// Shows every template in it.
    ///
    /// # Errors
    /// The first that `visit` returns.
    fn each(&mut self, visit: Visit<'_>) -> Result<(), Unbound>;

    /// Puts in every value that the scope knows.
    ///
    /// # Errors
    /// A name without a value.
    fn bind(&mut self, scope: &dyn Scope) -> Result<(), Unbound> {
        self.each(&mut |template| template.bind(scope))
    }
}

/// What can be filled in, and what it is then.
pub trait Field: Templated {
    /// What it is with every template filled in.
    type Ready;
    /// The values.
    ///
    /// # Errors
    /// A value that is not there yet, a secret where none may be, a value of another kind.
    fn ready(&self) -> Result<Self::Ready, Unbound>;
}

/// What is done with every template.
pub type Visit<'a> = &'a mut dyn FnMut(&mut Template) -> Result<(), Unbound>;

impl Templated for Template {
    fn each(&mut self, visit: Visit<'_>) -> Result<(), Unbound> {
        visit(self)
    }
    fn bind(&mut self, scope: &dyn Scope) -> Result<(), Unbound> {
        Self::bind(self, scope)
    }
}

impl Field for Template {
    type Ready = String;
    fn ready(&self) -> Result<String, Unbound> {
        self.text()
    }
}

macro_rules! without_templates {
    ($($type:ty),*) => {$(
        impl Templated for $type {
            fn each(&mut self, _: Visit<'_>) -> Result<(), Unbound> {
                Ok(())
            }
        }

        impl Field for $type {
            type Ready = Self;
            fn ready(&self) -> Result<Self, Unbound> {
                Ok(self.clone())
            }
        }
    )*};
}
without_templates!(bool, String);

impl<T: Templated> Templated for Option<T> {
    fn each(&mut self, visit: Visit<'_>) -> Result<(), Unbound> {
        self.iter_mut().try_for_each(|inner| inner.each(visit))
    }
}

impl<T: Field> Field for Option<T> {
    type Ready = Option<T::Ready>;
    fn ready(&self) -> Result<Self::Ready, Unbound> {
        self.as_ref().map(T::ready).transpose()
    }
}

impl<T: Templated> Templated for Vec<T> {
    fn each(&mut self, visit: Visit<'_>) -> Result<(), Unbound> {
        self.iter_mut().try_for_each(|inner| inner.each(visit))
    }
}

impl<T: Field> Field for Vec<T> {
    type Ready = Vec<T::Ready>;
    fn ready(&self) -> Result<Self::Ready, Unbound> {
        self.iter().map(T::ready).collect()
    }
}

impl<T: Templated> Templated for BTreeMap<String, T> {
    fn each(&mut self, visit: Visit<'_>) -> Result<(), Unbound> {
        self.values_mut().try_for_each(|inner| inner.each(visit))
    }
}

impl<T: Field> Field for BTreeMap<String, T> {
    type Ready = BTreeMap<String, T::Ready>;
    fn ready(&self) -> Result<Self::Ready, Unbound> {
        self.iter().map(|(key, inner)| Ok((key.clone(), inner.ready()?))).collect()
    }
}

macro_rules! flavour {
    ($(#[$about:meta])* $name:ident = $ready:ty, is_number: $is_number:literal, $schema:tt, $read:expr) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Template);

        /// A number where it is one.
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let number = self.0.text().ok().and_then(|text| text.parse::<u64>().ok());
                match number.filter(|_| $is_number) {
                    Some(number) => serializer.serialize_u64(number),
                    None => self.0.serialize(serializer),
                }
            }
        }

        impl Templated for $name {
            fn each(&mut self, visit: Visit<'_>) -> Result<(), Unbound> {
                visit(&mut self.0)
            }
        }

        impl Field for $name {
            type Ready = $ready;
            fn ready(&self) -> Result<$ready, Unbound> {
                let read: fn(&Template) -> Result<$ready, Unbound> = $read;
                read(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}

flavour! {
    /// A whole number, or a template that gives one.
    Number = u64, is_number: true, { "type": ["integer", "string"], "description": "A whole number, or `{{name}}`." }, |template| {
        let text = template.text()?;
        text.trim().parse().map_err(|_| Unbound::Shape { text, wanted: "whole number" })
    }
}

flavour! {
    /// A span of time, or a template that gives one; ready, it is seconds.
    Period = u64, is_number: true, { "type": "string", "description": "A span of time: `30s`, `10m`, `1h30m`, or `{{name}}`." }, |template| {
        let text = template.text()?;
        // A variable's value is a number of seconds already.
        text.parse().or_else(|_| amount::seconds(&text)).map_err(|_| Unbound::Shape { text, wanted: "span of time, as 30s, 10m or 1h30m" })
    }
}

flavour! {
    /// A text in which secrets may stand.
    Hidden = Sealed, is_number: false, { "type": "string", "description": "A text; `{{name}}` stands for a value, which may be a secret." }, |template| {
        match template.names().next() {
            Some(name) => Err(Unbound::Later { name: name.to_owned() }),
            None => Ok(Sealed(template.pieces().to_vec())),
        }
    }
}

/// A text in which secrets are named but not held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Sealed(#[schemars(with = "serde_json::Value")] Vec<Piece>);

impl Sealed {
    /// The text with its secrets, which `secrets` knows by the names of their variables. It is for the call alone: it is neither kept,
    /// shown nor written.
    ///
    /// # Errors
    /// A secret that is not known here.
    pub fn unseal(&self, secrets: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Secret(name) => {
                    let secret = secrets(name).ok_or_else(|| {
                        format!("the secret «{name}» is not known here: give it again, it is kept nowhere")
                    })?;
                    text.push_str(&secret);
                }
                Piece::Name(name) => return Err(format!("«{name}» is not known yet")),
            }
        }
        Ok(text)
    }
}

impl fmt::Display for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Secret(_) => f.write_str(super::template::HIDDEN),
            Piece::Name(name) => write!(f, "‹{name}›"),
        })
    }
}

/// Declares an enumeration or a structure twice: as it stands in a runbook, with templates, and as it is done, with values.
macro_rules! forms {
    ($(#[$about:meta])* struct $ready:ident, $form:ident {
        $($(#[$of:meta])* $field:ident: $flavour:ty),* $(,)?
    }) => {
        $(#[$about])*
        #[doc = "With every value."]
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub struct $ready { $($(#[$of])* pub $field: <$flavour as $crate::runbook::field::Field>::Ready),* }

        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        pub struct $form { $($(#[$of])* pub $field: $flavour),* }

        impl $crate::runbook::field::Templated for $form {
            fn each(&mut self, visit: $crate::runbook::field::Visit<'_>) -> Result<(), $crate::runbook::template::Unbound> {
                $($crate::runbook::field::Templated::each(&mut self.$field, visit)?;)*
                Ok(())
            }
        }

        impl $crate::runbook::field::Field for $form {
            type Ready = $ready;

            fn ready(&self) -> Result<$ready, $crate::runbook::template::Unbound> {
                Ok($ready { $($field: $crate::runbook::field::Field::ready(&self.$field)?),* })
            }
        }
    };
    ($(#[$about:meta])* $ready:ident, $form:ident {
        $($(#[$doc:meta])* $variant:ident $({ $($(#[$of:meta])* $field:ident: $flavour:ty),* $(,)? })? = $word:literal,)*
    }) => {
        $(#[$about])*
        #[doc = "With every value."]
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
        #[allow(missing_docs)]
        pub enum $ready {
            $($(#[$doc])* $variant $({ $($(#[$of])* $field: <$flavour as $crate::runbook::field::Field>::Ready),* })?,)*
        }

        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
        #[allow(missing_docs)]
        pub enum $form {
            $($(#[$doc])* $variant $({ $($(#[$of])* $field: $flavour),* })?,)*
        }

        impl $form {
            /// Its word.
            pub const fn word(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $word,)* }
            }
        }

        impl $crate::runbook::field::Templated for $form {
            #[allow(unused_variables)]
            fn each(&mut self, visit: $crate::runbook::field::Visit<'_>) -> Result<(), $crate::runbook::template::Unbound> {
                match self {
                    $(Self::$variant $({ $($field),* })? => { $($($crate::runbook::field::Templated::each($field, visit)?;)*)? })*
                }
                Ok(())
            }
        }

        impl $crate::runbook::field::Field for $form {
            type Ready = $ready;

            fn ready(&self) -> Result<$ready, $crate::runbook::template::Unbound> {
                Ok(match self {
                    $(Self::$variant $({ $($field),* })? => $ready::$variant $({
                        $($field: $crate::runbook::field::Field::ready($field)?),*
                    })?,)*
                })
            }
        }
    };
}
pub(super) use forms;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::template::{Found, Scope};

    struct Secrets;

    impl Scope for Secrets {
        fn find(&self, name: &str) -> Found {
            Found::Secret(name.into())
        }
    }

    #[test]
    fn values_have_their_kinds() {
        let period = |text: &str| Period(Template::literal(text)).ready();
        assert_eq!(period("10m"), Ok(600));
        assert_eq!(period("600"), Ok(600));
        assert!(period("soon").is_err());
        assert_eq!(Number(Template::literal("7")).ready(), Ok(7));
        assert!(Number(Template::literal("-7")).ready().is_err());
    }

    #[test]
    fn secrets_are_put_in_last_and_shown_never() {
        let mut hidden = Hidden(Template::parse("Bearer {{key}}").expect("is a template"));
        hidden.each(&mut |template| template.bind(&Secrets)).expect("bound");
        let sealed = hidden.ready().expect("ready");
        assert_eq!(sealed.unseal(&|name| Some(format!("<{name}>"))), Ok("Bearer <key>".into()));
        assert!(sealed.unseal(&|_| None).expect_err("not known").contains("«key»"));
        assert_eq!(sealed.to_string(), "Bearer [redacted]");
    }
}
