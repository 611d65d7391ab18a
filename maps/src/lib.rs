//! How it looks: features with shapes become tiles. Knows shapes and attributes, neither rules
//! nor store; pure.

pub mod feature;

/// The address of a tile that can exist: Web Mercator, `x` and `y` below `2^z` (slippy-map scheme).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileCoord {
    z: u8,
    x: u32,
    y: u32,
}

/// The deepest zoom that is served; below it a tile is smaller than a house.
pub const ZOOM_MAX: u8 = 20;

/// A tile address that can't exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// Zoom beyond [`ZOOM_MAX`].
    #[error("zoom {z} is not served; allowed is 0 to {ZOOM_MAX}")]
    Zoom {
        /// The zoom asked for.
        z: u8,
    },
    /// Column or row outside the zoom's grid.
    #[error("tile {x}/{y} is outside zoom {z}; allowed is 0 to {} for both", grid(*z) - 1)]
    Outside {
        /// The zoom asked for.
        z: u8,
        /// The column asked for.
        x: u32,
        /// The row asked for.
        y: u32,
    },
}

const fn grid(z: u8) -> u32 {
    1 << z
}

impl TileCoord {
    /// A tile's address.
    ///
    /// # Errors
    /// Refuses a zoom beyond [`ZOOM_MAX`], and a column or row outside the zoom's grid.
    pub fn new(z: u8, x: u32, y: u32) -> Result<Self, TileError> {
        if z > ZOOM_MAX {
            return Err(TileError::Zoom { z });
        }
        if x >= grid(z) || y >= grid(z) {
            return Err(TileError::Outside { z, x, y });
        }
        Ok(Self { z, x, y })
    }

    /// Zoom, column, row.
    pub const fn zxy(self) -> (u8, u32, u32) {
        (self.z, self.x, self.y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_possible_tiles_can_be_named() {
        assert!(TileCoord::new(0, 0, 0).is_ok());
        assert!(TileCoord::new(3, 7, 7).is_ok());
        assert_eq!(TileCoord::new(3, 8, 0), Err(TileError::Outside { z: 3, x: 8, y: 0 }));
        assert_eq!(TileCoord::new(21, 0, 0), Err(TileError::Zoom { z: 21 }));
    }
}
