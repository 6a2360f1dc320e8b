//! What the functions need from the world.
