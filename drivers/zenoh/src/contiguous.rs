//! What arrived, in one piece, as C wants it.

use std::cell::RefCell;

use zenoh::bytes::ZBytes;

/// Memory a thread keeps for the next payload that arrived in several pieces.
const KEPT_MAX: usize = 2 << 20;

/// Borrows the bytes: in place if they lie in one piece, copied together otherwise, into memory that is used again.
pub fn with_contiguous<T>(bytes: Option<&ZBytes>, f: impl FnOnce(&[u8]) -> T) -> T {
    thread_local! {
        static KEPT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    let Some(bytes) = bytes else { return f(&[]) };
    let mut slices = bytes.slices();
    let first = slices.next().unwrap_or_default();
    if first.len() == bytes.len() {
        return f(first);
    }
    // Taken out, not borrowed: `f` may come here again.
    let mut whole = KEPT.take();
    whole.clear();
    whole.reserve(bytes.len());
    whole.extend_from_slice(first);
    for slice in slices {
        whole.extend_from_slice(slice);
    }
    let result = f(&whole);
    if whole.capacity() <= KEPT_MAX {
        KEPT.set(whole);
    }
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
