//! How services learn of each other's events: the port and the embedded adapter
