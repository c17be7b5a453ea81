//! A source for tests, demonstrations and golden screens: it plays a scenario file into the `World`.
