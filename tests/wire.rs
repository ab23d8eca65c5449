//! Real sockets, foreign clients, real faults.
