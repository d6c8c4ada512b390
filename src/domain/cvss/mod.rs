//! CVSS, wrapped.
