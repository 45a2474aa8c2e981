#include "store/npy.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <cstring>
#include <regex>

#include "core/error.h"
#include "core/file.h"

namespace basin {

// Magic, header length, a Python dict padded to 64 bytes, data.
std::string npy_bytes(const torch::Tensor& array) {
  const auto flat = array.to(torch::kFloat64).contiguous();
  std::string shape;
  for (const auto n : flat.sizes()) shape += fmt::format("{},", n);
  auto header =
      fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}), }}", shape);
  header += std::string(63 - (10 + header.size()) % 64, ' ') + "\n";
  std::string out = "\x93NUMPY\x01";
  out += '\0';
  out += static_cast<char>(header.size() % 256);
  out += static_cast<char>(header.size() / 256);
  return out + header +
         std::string(static_cast<const char*>(flat.data_ptr()), flat.nbytes());
}

torch::Tensor read_npy(const std::filesystem::path& path, int64_t limit) {
  const auto bytes = read_file(path, limit);
  const auto fail = [&](const std::string& what) {
    throw InputError(
        fmt::format("{}: expected a NumPy array, {}", path.string(), what));
  };
  if (bytes.size() < 12 || bytes.compare(0, 6, "\x93NUMPY") != 0)
    fail("came another kind of file");
  const bool first = bytes[6] == 1;
  const auto byte = [&](size_t i) {
    return static_cast<size_t>(static_cast<unsigned char>(bytes[i]));
  };
  const size_t length =
      byte(8) + (byte(9) << 8) + (first ? 0 : (byte(10) << 16) + (byte(11) << 24));
  const size_t start = (first ? 10 : 12) + length;
  if (length > 4096 || start > bytes.size()) fail("its header is damaged");
  const auto header = bytes.substr(start - length, length);
  static const std::regex form(
      R"(\s*\{'descr': '<(f[48])', 'fortran_order': False, 'shape': \((\d{1,12}),?(?: ?(\d{1,12}))?,?\),? ?\}\s*)");
  std::smatch found;
  if (!std::regex_match(header, found, form))
    fail("in C order, of one or two dimensions and type <f8 or <f4, came " +
         header.substr(0, 80));
  std::vector<int64_t> shape{std::stoll(found[2])};
  if (found[3].matched) shape.push_back(std::stoll(found[3]));
  const bool wide = found[1] == "f8";
  double size = wide ? 8 : 4;
  for (const auto n : shape) size *= static_cast<double>(n);
  if (size != static_cast<double>(bytes.size() - start))
    fail(fmt::format(
        "its shape wants {:.0f} bytes, {} are there", size, bytes.size() - start));
  auto out = at::empty(shape, wide ? torch::kFloat64 : torch::kFloat32);
  std::memcpy(out.data_ptr(), bytes.data() + start, out.nbytes());
  out = out.to(torch::kFloat64);
  if (!out.isfinite().all().item<bool>()) fail("of finite numbers");
  return out;
}

}  // namespace basin
