//! vaxeld
