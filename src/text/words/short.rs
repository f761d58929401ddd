//! A list that is short most of the time.

/// A list. What is short stands in one piece with whatever it is a part of: whoever looks at that waits for memory once.
#[derive(Clone, Debug)]
#[repr(C)]
pub(super) struct Short<T, const FEW: usize> {
    count: usize,
    few: [T; FEW],
    /// All of them if they are more.
    many: Vec<T>,
}

impl<T: Copy + Default, const FEW: usize> Default for Short<T, FEW> {
    fn default() -> Self {
        Self { count: 0, few: [T::default(); FEW], many: Vec::new() }
    }
}

impl<T: Copy, const FEW: usize> Short<T, FEW> {
    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    #[inline]
    pub(super) fn push(&mut self, one: T) {
        if let Some(free) = self.few.get_mut(self.count) {
            *free = one;
        } else {
            if self.count == FEW {
                self.many.clear();
                self.many.extend_from_slice(&self.few);
            }
            self.many.push(one);
        }
        self.count += 1;
    }

    #[inline]
    pub(super) fn all(&self) -> &[T] {
        self.few.get(..self.count).unwrap_or(&self.many)
    }
}
