// The three matrix products of a layer, for a group of rows of θ side by side. A matrix
// of a group is `[rows][columns][lanes]`: every entry is one vector, so no product
// needs a sum across a vector, and any width does. Each sum runs over its index in
// ascending order, whatever the tiles: the number of lanes and of samples in a block
// changes nothing.

#if defined(BASIN_KERNEL_AFFINE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BASIN_KERNEL_AFFINE_INL_H_
#undef BASIN_KERNEL_AFFINE_INL_H_
#else
#define BASIN_KERNEL_AFFINE_INL_H_
#endif

#include "kernel/math-inl.h"
#include "kernel/perceptron.h"

HWY_BEFORE_NAMESPACE();
namespace basin::HWY_NAMESPACE {

constexpr int kTile = static_cast<int>(kSampleTile);

// Rows of a tile: 6 × 4 sums, 6 + 4 operands and the two of the tail fill 32 registers.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr int kMostRows = 6;
#else
constexpr int kMostRows = 3;
#endif

// `[columns][samples][lanes]`.
template <class D>
struct Packed {
  const Scalar<D>* at;
  size_t samples;
  HWY_INLINE VecOf<D> operator()(D d, size_t column, size_t sample) const {
    return hn::Load(d, at + (column * samples + sample) * hn::MaxLanes(d));
  }
};

// `[columns][samples]`: the same for all lanes.
template <class D>
struct Shared {
  const Scalar<D>* at;
  size_t samples;
  HWY_INLINE VecOf<D> operator()(D d, size_t column, size_t sample) const {
    return hn::Set(d, at[column * samples + sample]);
  }
};

template <int n>
struct Count {
  static constexpr int value = n;
};

// Cuts `rows` into nearly equal tiles of at most kMostRows: f(Count<n>, first row).
template <class F>
HWY_INLINE void by_tiles(size_t rows, const F& f) {
  constexpr size_t most = kMostRows;
  const size_t tiles = (rows + most - 1) / most;
  for (size_t i = 0, row = 0; i < tiles; ++i) {
    const size_t n = rows / tiles + (i < rows % tiles ? 1 : 0);
    switch (n) {
      case 1:
        f(Count<1>(), row);
        break;
      case 2:
        f(Count<2>(), row);
        break;
      case 3:
        f(Count<3>(), row);
        break;
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
      case 4:
        f(Count<4>(), row);
        break;
      case 5:
        f(Count<5>(), row);
        break;
      case 6:
        f(Count<6>(), row);
        break;
#endif
    }
    row += n;
  }
}

// store(r, s, start(r, s) + Σ_c weight(r, c) · in(c, s)) for a tile of rows and
// samples; `step` is the distance of neighbouring c in `weight`, `stride` of rows.
template <int R, int S, class D, class In, class Start, class Store>
HWY_INLINE void product_tile(D d,
                             const Scalar<D>* HWY_RESTRICT weight,
                             size_t stride,
                             size_t step,
                             size_t terms,
                             const In& in,
                             size_t sample,
                             const Start& start,
                             const Store& store) {
  VecOf<D> sum[R][S];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int t = 0; t < S; ++t) sum[r][t] = start(r, sample + t);
  }
  for (size_t c = 0; c < terms; ++c) {
    VecOf<D> a[S];
#pragma GCC unroll 8
    for (int t = 0; t < S; ++t) a[t] = in(d, c, sample + t);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const auto w = hn::Load(d, weight + r * stride + c * step);
#pragma GCC unroll 8
      for (int t = 0; t < S; ++t) sum[r][t] = hn::MulAdd(w, a[t], sum[r][t]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int t = 0; t < S; ++t) store(r, sample + t, sum[r][t]);
  }
}

enum class Into { kSet, kSetPositivePart, kAdd };

// z[r][s] = Σ_c W[r][c] in[c][s] + b[r], or its positive part, or that + z[r][s]
// (without b).
template <Into into, class D, class In>
void affine(D d,
            const Scalar<D>* HWY_RESTRICT weight,
            const Scalar<D>* HWY_RESTRICT bias,
            size_t rows,
            size_t columns,
            const In& in,
            size_t samples,
            Scalar<D>* z) {
  constexpr size_t L = hn::MaxLanes(d);
  by_tiles(rows, [&](auto count, size_t row) HWY_ATTR {
    constexpr int R = decltype(count)::value;
    const auto put = [&](int r, size_t at, VecOf<D> sum) HWY_ATTR {
      auto* to = z + ((row + r) * samples + at) * L;
      if constexpr (into == Into::kSetPositivePart) sum = positive_part(d, sum);
      hn::Store(sum, d, to);
    };
    const auto start = [&](int r, size_t at) HWY_ATTR {
      if constexpr (into == Into::kAdd)
        return hn::Load(d, z + ((row + r) * samples + at) * L);
      return bias == nullptr ? hn::Zero(d) : hn::Load(d, bias + (row + r) * L);
    };
    const auto* w = weight + row * columns * L;
    size_t s = 0;
    // One row alone has too few sums under way to hide their latency.
    if constexpr (R == 1) {
      for (; s + 2 * kTile <= samples; s += 2 * kTile) {
        product_tile<R, 2 * kTile>(d, w, columns * L, L, columns, in, s, start, put);
      }
    }
    for (; s < samples; s += kTile)
      product_tile<R, kTile>(d, w, columns * L, L, columns, in, s, start, put);
  });
}

// store(c, s, Σ_r W[r][c] δ[r][s]).
template <class D, class Store>
HWY_INLINE void transposed(D d,
                           const Scalar<D>* HWY_RESTRICT weight,
                           size_t rows,
                           size_t columns,
                           const Scalar<D>* HWY_RESTRICT delta,
                           size_t samples,
                           const Store& store) {
  constexpr size_t L = hn::MaxLanes(d);
  const Packed<D> in{delta, samples};
  by_tiles(columns, [&](auto count, size_t column) HWY_ATTR {
    constexpr int C = decltype(count)::value;
    for (size_t s = 0; s < samples; s += kTile) {
      product_tile<C, kTile>(
          d,
          weight + column * L,
          L,
          columns * L,
          rows,
          in,
          s,
          [&](int, size_t) HWY_ATTR { return hn::Zero(d); },
          [&](int c, size_t at, VecOf<D> sum) HWY_ATTR { store(column + c, at, sum); });
    }
  });
}

template <int R, int C, class D, class In>
HWY_INLINE void outer_tile(D d,
                           const Scalar<D>* HWY_RESTRICT delta,
                           const In& in,
                           size_t column,
                           size_t samples,
                           Scalar<D>* HWY_RESTRICT gradient,
                           size_t stride) {
  constexpr size_t L = hn::MaxLanes(d);
  VecOf<D> sum[R][C];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) sum[r][c] = hn::Load(d, gradient + r * stride + c * L);
  }
  for (size_t s = 0; s < samples; ++s) {
    VecOf<D> a[C];
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) a[c] = in(d, column + c, s);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const auto e = hn::Load(d, delta + (r * samples + s) * L);
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) sum[r][c] = hn::MulAdd(e, a[c], sum[r][c]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) hn::Store(sum[r][c], d, gradient + r * stride + c * L);
  }
}

// G[r][c] += Σ_s δ[r][s] in[c][s].
template <class D, class In>
void outer(D d,
           const Scalar<D>* HWY_RESTRICT delta,
           size_t rows,
           const In& in,
           size_t columns,
           size_t samples,
           Scalar<D>* HWY_RESTRICT gradient) {
  constexpr size_t L = hn::MaxLanes(d);
  by_tiles(rows, [&](auto count, size_t row) HWY_ATTR {
    constexpr int R = decltype(count)::value;
    const auto* from = delta + row * samples * L;
    auto* to = gradient + row * columns * L;
    size_t c = 0;
    if constexpr (R == 1) {
      for (; c + 8 <= columns; c += 8)
        outer_tile<R, 8>(d, from, in, c, samples, to + c * L, columns * L);
    }
    for (; c + 4 <= columns; c += 4)
      outer_tile<R, 4>(d, from, in, c, samples, to + c * L, columns * L);
    if (columns - c == 3)
      outer_tile<R, 3>(d, from, in, c, samples, to + c * L, columns * L);
    if (columns - c == 2)
      outer_tile<R, 2>(d, from, in, c, samples, to + c * L, columns * L);
    if (columns - c == 1)
      outer_tile<R, 1>(d, from, in, c, samples, to + c * L, columns * L);
  });
}

// g[r] += Σ_s δ[r][s].
template <class D>
void row_sums(D d,
              const Scalar<D>* HWY_RESTRICT delta,
              size_t rows,
              size_t samples,
              Scalar<D>* HWY_RESTRICT gradient) {
  constexpr size_t L = hn::MaxLanes(d);
  for (size_t r = 0; r < rows; ++r) {
    auto sum = hn::Load(d, gradient + r * L);
    for (size_t s = 0; s < samples; s += kTile) {
      const auto* at = delta + (r * samples + s) * L;
      const auto left = hn::Add(hn::Load(d, at), hn::Load(d, at + L));
      const auto right = hn::Add(hn::Load(d, at + 2 * L), hn::Load(d, at + 3 * L));
      sum = hn::Add(sum, hn::Add(left, right));
    }
    hn::Store(sum, d, gradient + r * L);
  }
}

}  // namespace basin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
