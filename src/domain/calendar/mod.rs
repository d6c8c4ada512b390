//! Working time, holidays, instants and slots.
