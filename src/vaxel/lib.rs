//! vaxel
