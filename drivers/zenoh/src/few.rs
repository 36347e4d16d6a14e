//! A few bytes as Zenoh wants them.

use bytes::Bytes;
use zenoh::bytes::ZBytes;

/// As much costs less to copy once more than to share, which takes two locked instructions.
const COPIED_MAX: usize = 512;

/// Of so many bytes exactly: then they and what counts their owners are one allocation, not two.
fn array<const LEN: usize>(bytes: &[u8]) -> ZBytes {
    <[u8; LEN]>::try_from(bytes).map_or_else(|_| ZBytes::from(bytes), ZBytes::from)
}

macro_rules! arrays {
    ($($len:literal)*) => { [$(array::<$len>),*] };
}

static ARRAYS: [fn(&[u8]) -> ZBytes; 33] = arrays!(
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32
);

/// Those of `whole` from here to there.
pub fn few(whole: &Bytes, from: usize, to: usize) -> ZBytes {
    let len = to - from;
    match ARRAYS.get(len) {
        Some(make) => make(&whole[from..to]),
        None if len <= COPIED_MAX => ZBytes::from(&whole[from..to]),
        None => ZBytes::from(whole.slice(from..to)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_every_length_are_what_they_were() {
        let bytes: Vec<u8> = (0..2048_u32).map(|i| (i * 7) as u8).collect();
        let whole = Bytes::from(bytes.clone());
        for len in (0..40).chain([COPIED_MAX - 1, COPIED_MAX, COPIED_MAX + 1, 1500]) {
            let made = few(&whole, 3, 3 + len);
            assert_eq!(made.to_bytes().as_ref(), &bytes[3..3 + len], "{len} bytes");
        }
    }
}
