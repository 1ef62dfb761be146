use crate::real::Real;

/// `xᵃ` for a power a from 0 to 1, by square roots.
///
/// With the binary digits d1, d2, … of the power, `xᵃ = √(x^d1 · √(x^d2 · √(…)))`. A root halves the relative error of
/// its argument, so the errors of all digits together stay below 6.5 units of 2⁻²⁴.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Power {
    /// The power times 2³², rounded down. Not used for a power of 1.
    digits: u32,
    is_one: bool,
}

impl Power {
    const HALF: Self = Power { digits: 1 << 31, is_one: false };

    /// `power` has been checked: it is from 0 to 1.
    pub(crate) const fn new(power: f64) -> Self {
        // A product that rounds up to 2³² becomes the largest u32.
        Power { digits: (power * 4_294_967_296.0) as u32, is_one: power == 1.0 }
    }

    /// `x^a` of a number that is at least 0.
    #[inline(always)]
    pub fn of<R: Real>(&self, x: R) -> R {
        if self.is_one {
            return x;
        }
        let (root, mut power) = (x.sqrt(), R::splat(1.0));
        let mut digits = self.digits.unbounded_shr(self.digits.trailing_zeros());
        for _ in 0..u32::BITS - self.digits.trailing_zeros() {
            power = power.sqrt();
            if digits & 1 == 1 {
                power = power * root;
            }
            digits >>= 1;
        }
        power
    }

    /// `larger^a`, and `larger^a − smaller^a` without its cancellation. Both numbers are at least 0.
    ///
    /// `difference` is `larger − smaller`.
    #[inline(always)]
    pub fn with_growth<R: Real>(&self, larger: R, smaller: R, difference: R) -> (R, R) {
        if self.is_one {
            return (larger, difference);
        }
        let (root, other) = (larger.sqrt(), smaller.sqrt());
        let growth = growth_of_roots(root, other, difference);
        if self.digits == Power::HALF.digits {
            return (root, growth);
        }
        // The powers so far, from the last digit that is 1, and the first one's growth over the second.
        let (mut power, mut smaller_power, mut grown) = (R::splat(1.0), R::splat(1.0), R::splat(0.0));
        let mut digits = self.digits.unbounded_shr(self.digits.trailing_zeros());
        let mut left = u32::BITS - self.digits.trailing_zeros();
        while left > 0 {
            let (of_power, of_smaller) = (power.sqrt(), smaller_power.sqrt());
            grown = growth_of_roots(of_power, of_smaller, grown);
            (power, smaller_power) = (of_power, of_smaller);
            if digits & 1 == 1 {
                // ab − cd = (a − c)·b + c·(b − d), which adds numbers of one sign.
                grown = grown * root + smaller_power * growth;
                (power, smaller_power) = (power * root, smaller_power * other);
            }
            digits >>= 1;
            left -= 1;
        }
        (power, grown)
    }

    /// The same in the form for a power of ½, if it is ½.
    #[inline(always)]
    pub(crate) fn half(self) -> Option<Self> {
        (self == Power::HALF).then_some(Power::HALF)
    }
}

/// `√larger − √smaller`, from the roots. The smallest normal number changes only a divisor of 0.
#[inline(always)]
fn growth_of_roots<R: Real>(larger: R, smaller: R, difference: R) -> R {
    difference / (larger + smaller + R::splat(f32::MIN_POSITIVE))
}
