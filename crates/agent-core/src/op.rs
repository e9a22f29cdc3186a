//! The table of operations: what an SDK crate declares about each call of its vendor.
//!
//! One row feeds the URL (and its override), the decision whether a call may be repeated, the name in spans and
//! errors, and the tests that walk the table.

use http::Method;

/// One operation of a vendor's API.
#[derive(Debug)]
pub struct Op {
    /// Name in errors, spans and path overrides, such as `runs.create`.
    pub name: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path template below the base URL: `{name}` inserts one percent-encoded segment, `{+name}` keeps `/`.
    pub path: &'static str,
    /// Whether it may be sent twice.
    pub safety: Safety,
    /// What its answer is.
    pub kind: OpKind,
}

/// Whether an operation may be sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// Sending it twice does no harm.
    Safe,
    /// Safe with an idempotency key, unsafe without.
    Keyed,
    /// Sending it twice may do it twice.
    Unsafe,
}

/// What the answer of an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpKind {
    /// One answer, read whole.
    Unary,
    /// A stream of server-sent events.
    Sse,
    /// A page of a list or of events that is asked for again and again.
    Page,
    /// A stream of bytes.
    Download,
}

impl Op {
    /// A GET: safe, one answer.
    pub const fn get(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Method::GET, path, Safety::Safe)
    }

    /// A POST: unsafe, one answer.
    pub const fn post(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Method::POST, path, Safety::Unsafe)
    }

    /// A PUT: safe, one answer.
    pub const fn put(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Method::PUT, path, Safety::Safe)
    }

    /// A PATCH: unsafe, one answer.
    pub const fn patch(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Method::PATCH, path, Safety::Unsafe)
    }

    /// A DELETE: safe, one answer.
    pub const fn delete(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Method::DELETE, path, Safety::Safe)
    }

    const fn new(name: &'static str, method: Method, path: &'static str, safety: Safety) -> Self {
        Self {
            name,
            method,
            path,
            safety,
            kind: OpKind::Unary,
        }
    }

    /// With another safety class than the method's usual one.
    #[must_use]
    pub const fn safety(mut self, safety: Safety) -> Self {
        self.safety = safety;
        self
    }

    /// With another kind of answer.
    #[must_use]
    pub const fn kind(mut self, kind: OpKind) -> Self {
        self.kind = kind;
        self
    }
}

/// Defines a vendor's table of operations: a static for each row, and `OPS`, which holds them all.
///
/// ```
/// use agent_core::sdk::Op;
///
/// agent_core::operations! {
///     LIST = Op::get("things.list", "/things");
///     CREATE = Op::post("things.create", "/things");
/// }
/// assert_eq!(OPS.len(), 2);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! operations {
    ($( $name:ident = $op:expr; )+) => {
        $( pub(crate) static $name: $crate::sdk::Op = $op; )+

        /// Every operation.
        #[allow(unreachable_pub, reason = "some crates show their table to their tests")]
        pub static OPS: &[&$crate::sdk::Op] = &[ $( &$name, )+ ];
    };
}
