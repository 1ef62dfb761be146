//! The shape of a tensor, as far as a step needs it.

use core::fmt;

/// What one number belongs to: the unit that a pass sums over, from the widest to the narrowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Scope {
    /// All tensors of a model together.
    All,
    /// Each tensor by itself.
    Tensor,
    /// Each row of a matrix by itself: see [`Tensor::rows`](crate::Tensor::rows).
    Row,
    /// Each block of a tensor by itself: see [`Tensor::blocks`](crate::Tensor::blocks).
    Block,
}

/// What a slot holds one number for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Extent {
    /// Each element.
    Element,
    /// Each row of a matrix.
    Row,
    /// Each block of a tensor.
    Block,
    /// The tensor.
    Tensor,
}

/// The shape of a tensor: how many elements it has, and how long its rows and blocks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The number of elements.
    pub len: usize,
    /// Elements of a row. Rows follow one another and fill the tensor.
    pub row_len: usize,
    /// Elements of a block. Blocks follow one another; the last one may be shorter.
    pub block_len: usize,
    /// Whether the rows are those of a matrix. A vector is one row that some optimizers treat otherwise.
    pub is_matrix: bool,
}

impl Shape {
    /// A tensor that is one row and one block, as vectors are.
    pub const fn vector(len: usize) -> Self {
        Shape { len, row_len: len, block_len: len, is_matrix: false }
    }

    /// The same tensor as a matrix with rows of this length.
    pub const fn rows(self, row_len: usize) -> Self {
        Shape { row_len, is_matrix: true, ..self }
    }

    /// The same tensor with blocks of this length.
    pub const fn blocks(self, block_len: usize) -> Self {
        Shape { block_len, ..self }
    }

    /// Whether rows fill the tensor.
    pub(crate) const fn rows_fit(&self) -> bool {
        self.len == 0 || (self.row_len != 0 && self.len.is_multiple_of(self.row_len))
    }

    /// Whether blocks have elements.
    pub(crate) const fn blocks_fit(&self) -> bool {
        self.len == 0 || self.block_len != 0
    }
}

impl Extent {
    /// Whether a slot of this extent has one number for each unit of a scope.
    #[inline(always)]
    pub(crate) const fn is_of(self, scope: Scope) -> bool {
        matches!(
            (self, scope),
            (Extent::Tensor, Scope::Tensor) | (Extent::Row, Scope::Row) | (Extent::Block, Scope::Block)
        )
    }

    /// How many numbers a slot of this extent has for a tensor: its length. 0 rows or blocks where their length is 0.
    pub const fn len(self, shape: &Shape) -> usize {
        match self {
            Extent::Element => shape.len,
            Extent::Row if shape.row_len == 0 => 0,
            Extent::Row => shape.len / shape.row_len,
            Extent::Block if shape.block_len == 0 => 0,
            Extent::Block => shape.len.div_ceil(shape.block_len),
            Extent::Tensor => 1,
        }
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Extent::Element => "element",
            Extent::Row => "row",
            Extent::Block => "block",
            Extent::Tensor => "tensor",
        })
    }
}
