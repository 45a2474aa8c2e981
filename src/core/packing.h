#pragma once

#include <algorithm>
#include <cstdint>

namespace basin {

// Rows of θ and the same side by side: entry i of lane k at [i * lanes + k]. Row r is
// lane(r), its entries start at row(r). They are moved in blocks that stay in the first
// cache, since one of the two sides walks far.
inline constexpr int64_t kPackingBlock = 32;

template <typename T, typename Lane, typename Row>
void pack_rows(int64_t rows,
               const Lane& lane,
               const Row& row,
               int64_t size,
               int64_t lanes,
               T* to) {
  for (int64_t at = 0; at < size; at += kPackingBlock) {
    const auto end = std::min(size, at + kPackingBlock);
    for (int64_t r = 0; r < rows; ++r) {
      const T* from = row(r);
      T* into = to + lane(r);
      for (int64_t i = at; i < end; ++i) into[i * lanes] = from[i];
    }
  }
}

template <typename T, typename Lane, typename Row>
void unpack_rows(int64_t rows,
                 const Lane& lane,
                 const Row& row,
                 int64_t size,
                 int64_t lanes,
                 const T* from) {
  for (int64_t at = 0; at < size; at += kPackingBlock) {
    const auto end = std::min(size, at + kPackingBlock);
    for (int64_t r = 0; r < rows; ++r) {
      T* to = row(r);
      const T* out = from + lane(r);
      for (int64_t i = at; i < end; ++i) to[i] = out[i * lanes];
    }
  }
}

}  // namespace basin
