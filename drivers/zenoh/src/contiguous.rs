//! What arrived, in one piece, as C wants it.

use std::sync::Mutex;

use zenoh::bytes::ZBytes;

use crate::guard::lock;

/// Memory of payloads that arrived in several pieces, kept for the next ones; of the process.
const SPARE_MAX: usize = 4 << 20;
static SPARE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// Copies the pieces together, into memory that may have been used before.
pub fn joined(bytes: &ZBytes) -> Vec<u8> {
    let mut whole = take_spare(bytes.len());
    whole.clear();
    whole.reserve_exact(bytes.len());
    for slice in bytes.slices() {
        whole.extend_from_slice(slice);
    }
    whole
}

/// The last one, unless it is far too much.
fn take_spare(len: usize) -> Vec<u8> {
    let spare = lock(&SPARE).pop().unwrap_or_default();
    if spare.capacity() / 4 <= len {
        spare
    } else {
        Vec::new()
    }
}

/// What was joined is no longer read.
pub fn give_back(whole: Vec<u8>) {
    let mut spare = lock(&SPARE);
    if spare.iter().map(Vec::capacity).sum::<usize>() + whole.capacity() <= SPARE_MAX {
        spare.push(whole);
    }
}

/// The bytes, if they lie in one piece.
pub fn in_place(bytes: &ZBytes) -> Option<&[u8]> {
    let first = bytes.slices().next().unwrap_or_default();
    (first.len() == bytes.len()).then_some(first)
}

/// Borrows the bytes: in place if they lie in one piece, copied together otherwise.
pub fn with_contiguous<T>(bytes: Option<&ZBytes>, f: impl FnOnce(&[u8]) -> T) -> T {
    let Some(bytes) = bytes else { return f(&[]) };
    if let Some(whole) = in_place(bytes) {
        return f(whole);
    }
    let whole = joined(bytes);
    let result = f(&whole);
    give_back(whole);
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use zenoh::bytes::ZBytesWriter;

    #[test]
    fn pieces_become_one() {
        let mut writer: ZBytesWriter = ZBytes::writer();
        for i in 0..5_u8 {
            writer.append(ZBytes::from(vec![i; 1000]));
        }
        let pieces = writer.finish();
        assert!(pieces.slices().count() > 1);
        let check = |whole: &[u8]| {
            assert_eq!(whole.len(), 5000);
            assert!(whole
                .iter()
                .enumerate()
                .all(|(at, byte)| usize::from(*byte) == at / 1000));
        };
        for _ in 0..2 {
            with_contiguous(Some(&pieces), |outer| {
                with_contiguous(Some(&pieces), check);
                check(outer);
            });
        }
        with_contiguous(Some(&ZBytes::from("one")), |whole| assert_eq!(whole, b"one"));
        with_contiguous(Some(&ZBytes::new()), |whole| assert_eq!(whole, b""));
        with_contiguous(None, |whole| assert_eq!(whole, b""));
    }
}
