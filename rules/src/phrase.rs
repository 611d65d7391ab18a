//! The words of the city, in every language, from its configuration.
