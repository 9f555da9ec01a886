//! The shape of a picture.

/// Channels of so many rows and columns of pixels, channel by channel, as in PyTorch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plane {
    /// Numbers of a pixel.
    pub channels: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Pixels of a row.
    pub width: usize,
}

impl Plane {
    /// Pixels of one channel.
    pub fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// Numbers in all.
    pub fn size(&self) -> usize {
        self.channels * self.pixels()
    }
}
