//! Open enums: enumerations of strings that servers may extend.
//!
//! The one mechanism behind every such type of the SDKs: known values are variants, any other string is kept as it
//! came and written back as it came.

/// Defines an open enum of strings.
///
/// Each variant names its wire text; the last line names the variant that keeps unknown texts.
///
/// ```
/// agent_core::open_enum! {
///     /// How far a job has come.
///     pub enum JobStatus {
///         /// Not yet started.
///         Pending = "pending",
///         /// Over.
///         Done = "done",
///         ..Unknown
///     }
/// }
///
/// let status: JobStatus = serde_json::from_str("\"paused\"").unwrap();
/// assert_eq!(status, JobStatus::Unknown("paused".into()));
/// assert_eq!(serde_json::to_string(&status).unwrap(), "\"paused\"");
/// assert_eq!(status, "paused");
/// assert_eq!(JobStatus::from("done"), JobStatus::Done);
/// ```
#[macro_export]
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $( $(#[$vmeta:meta])* $variant:ident = $text:literal, )+
            ..$unknown:ident
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        $vis enum $name {
            $( $(#[$vmeta])* #[doc = concat!("\n\nOn the wire `", $text, "`.")] $variant, )+
            /// A value this version does not know, kept as the server sent it.
            $unknown(String),
        }

        impl $name {
            /// The known texts, in the order of the variants.
            pub const KNOWN: &'static [&'static str] = &[$($text),+];

            /// The text on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )+
                    Self::$unknown(text) => text,
                }
            }

            fn known(text: &str) -> Option<Self> {
                match text {
                    $( $text => Some(Self::$variant), )+
                    _ => None,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::known(text).unwrap_or_else(|| Self::$unknown(text.to_owned()))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::known(&text).unwrap_or(Self::$unknown(text))
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl $crate::sdk::serde::Serialize for $name {
            fn serialize<S: $crate::sdk::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::sdk::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::sdk::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                struct Text;
                impl $crate::sdk::serde::de::Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str("a string")
                    }
                    fn visit_str<E>(self, text: &str) -> ::std::result::Result<$name, E> {
                        Ok(text.into())
                    }
                    fn visit_string<E>(self, text: String) -> ::std::result::Result<$name, E> {
                        Ok(text.into())
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
    };
}
