use crate::shape::Extent;

/// The first `A` and the last `B` of `ALL` slots, which are all of them. It has no loop, which the compiler would keep where it
/// optimizes for size.
#[inline(always)]
pub(super) fn parts<T, const A: usize, const B: usize, const ALL: usize>(
    all: &mut [T; ALL],
) -> Option<(&mut [T; A], &mut [T; B])> {
    const { assert!(A + B == ALL) };
    let (first, last) = all.split_first_chunk_mut()?;
    Some((first, last.first_chunk_mut()?))
}

/// The extents of slots, and of buffers of elements after them.
pub(super) const fn joined<const A: usize, const ALL: usize>(first: [Extent; A]) -> [Extent; ALL] {
    let mut all = [Extent::Element; ALL];
    if let Some((to, _)) = all.split_first_chunk_mut::<A>() {
        *to = first;
    }
    all
}
