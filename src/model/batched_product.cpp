#include "model/batched_product.h"

#include <ATen/Functions.h>
#include <dlfcn.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>
#include <type_traits>

#include "core/error.h"

namespace basin {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

/// Which factor is transposed: A B, A Bᵀ or Aᵀ B.
enum class Form : int64_t { kPlain, kRightTransposed, kLeftTransposed };

// Up to this many multiplications a loop is used. Not tuned: measured, the loop wins at
// 16 multiplications and the BLAS already at 512.
constexpr int64_t kLoopLimit = 1500;

template <typename T>
using Gemm = void (*)(const char*,
                      const char*,
                      const int*,
                      const int*,
                      const int*,
                      const T*,
                      const T*,
                      const int*,
                      const T*,
                      const int*,
                      const T*,
                      T*,
                      const int*);

// The BLAS that LibTorch itself uses, looked up by name: its headers are not needed,
// and a LibTorch that hides its BLAS falls back to bmm.
template <typename T>
Gemm<T> find_gemm() {
  static const auto found = reinterpret_cast<Gemm<T>>(
      dlsym(RTLD_DEFAULT, std::is_same_v<T, float> ? "sgemm_" : "dgemm_"));
  return found;
}

/// One matrix of a batch, rows `stride` apart, entries of a row side by side.
template <typename T>
struct Matrix {
  const T* data;
  int64_t stride;
};

template <typename T>
void loop_product(
    Form form, Matrix<T> a, Matrix<T> b, T* c, int64_t m, int64_t n, int64_t k) {
  for (int64_t i = 0; i < m; ++i) {
    T* row = c + i * n;
    if (form == Form::kRightTransposed) {
      for (int64_t j = 0; j < n; ++j) {
        T sum = row[j];
        for (int64_t l = 0; l < k; ++l)
          sum += a.data[i * a.stride + l] * b.data[j * b.stride + l];
        row[j] = sum;
      }
      continue;
    }
    for (int64_t l = 0; l < k; ++l) {
      const T factor = form == Form::kLeftTransposed ? a.data[l * a.stride + i]
                                                     : a.data[i * a.stride + l];
      const T* other = b.data + l * b.stride;
      for (int64_t j = 0; j < n; ++j) row[j] += factor * other[j];
    }
  }
}

// C += op(A) op(B), row-major. Fortran sees the transposes: Cᵀ += op(B)ᵀ op(A)ᵀ.
template <typename T>
void blas_product(Gemm<T> gemm,
                  Form form,
                  Matrix<T> a,
                  Matrix<T> b,
                  T* c,
                  int64_t m,
                  int64_t n,
                  int64_t k) {
  const char left = form == Form::kLeftTransposed ? 'T' : 'N';
  const char right = form == Form::kRightTransposed ? 'T' : 'N';
  const int rows = static_cast<int>(n), columns = static_cast<int>(m);
  const int inner = static_cast<int>(k);
  const int lda = static_cast<int>(a.stride), ldb = static_cast<int>(b.stride);
  // A BLAS that refuses a call prints a line and leaves C as it was.
  require(lda >= std::max(1, form == Form::kLeftTransposed ? columns : inner) &&
              ldb >= std::max(1, form == Form::kRightTransposed ? inner : rows),
          "batched product: rows overlap");
  const T one = 1;
  gemm(&right,
       &left,
       &rows,
       &columns,
       &inner,
       &one,
       b.data,
       &ldb,
       a.data,
       &lda,
       &one,
       c,
       &rows);
}

// Rows of a matrix must be contiguous; anything else is copied. The stride of an axis
// with one entry means nothing: LibTorch leaves any number there, and a BLAS refuses
// one that is below the length of a row.
Tensor with_contiguous_rows(const Tensor& t) {
  const bool entries = t.size(2) <= 1 || t.stride(2) == 1;
  const bool rows = t.size(1) <= 1 || t.stride(1) >= std::max<int64_t>(1, t.size(2));
  return entries && rows ? t : t.contiguous();
}

template <typename T>
Matrix<T> matrix_of(const Tensor& t, int64_t index) {
  return {t.data_ptr<T>() + index * t.stride(0),
          t.size(1) <= 1 ? std::max<int64_t>(1, t.size(2)) : t.stride(1)};
}

template <typename T>
Tensor cpu_product(Form form,
                   const Tensor& left,
                   const Tensor& right,
                   const Tensor& bias) {
  const auto a = with_contiguous_rows(left), b = with_contiguous_rows(right);
  const auto batch = a.size(0);
  const auto m = form == Form::kLeftTransposed ? a.size(2) : a.size(1);
  const auto k = form == Form::kLeftTransposed ? a.size(1) : a.size(2);
  const auto n = form == Form::kRightTransposed ? b.size(1) : b.size(2);
  auto out = at::empty({batch, m, n}, a.options());
  const auto gemm = find_gemm<T>();
  T* c = out.data_ptr<T>();
  for (int64_t i = 0; i < batch; ++i, c += m * n) {
    for (int64_t row = 0; row < m; ++row) {
      const T start =
          bias.defined() ? bias.data_ptr<T>()[i * bias.stride(0) + row] : T(0);
      std::fill_n(c + row * n, n, start);
    }
    const auto from = matrix_of<T>(a, i), other = matrix_of<T>(b, i);
    if (m * n * k <= kLoopLimit) {
      loop_product(form, from, other, c, m, n, k);
    } else {
      blas_product(gemm, form, from, other, c, m, n, k);
    }
  }
  return out;
}

Tensor library_product(Form form,
                       const Tensor& a,
                       const Tensor& b,
                       const Tensor& bias) {
  const auto left = form == Form::kLeftTransposed ? a.transpose(1, 2) : a;
  const auto right = form == Form::kRightTransposed ? b.transpose(1, 2) : b;
  return bias.defined() ? at::baddbmm(bias.unsqueeze(2), left, right)
                        : at::bmm(left, right);
}

Tensor evaluate(Form form, const Tensor& a, const Tensor& b, const Tensor& bias) {
  const auto fits = [](const Tensor& t) {  // into the 32-bit integers of a BLAS
    constexpr int64_t kMost = int64_t{1} << 31;
    return t.numel() > 0 && t.size(1) < kMost && t.size(2) < kMost &&
           t.stride(0) < kMost && t.stride(1) < kMost;
  };
  const bool small = fits(a) && fits(b);
  const bool bias_rows = !bias.defined() || bias.stride(1) == 1;
  if (a.is_cpu() && small && bias_rows) {
    if (a.scalar_type() == torch::kFloat32 && find_gemm<float>() != nullptr) {
      return cpu_product<float>(form, a, b, bias);
    }
    if (a.scalar_type() == torch::kFloat64 && find_gemm<double>() != nullptr) {
      return cpu_product<double>(form, a, b, bias);
    }
  }
  return library_product(form, a, b, bias);
}

Tensor product(Form form, const Tensor& a, const Tensor& b, const Tensor& bias = {});

// The derivative of each form is made of the other forms:
//   C = A B    dA = G Bᵀ   dB = Aᵀ G
//   C = A Bᵀ   dA = G B    dB = Gᵀ A
//   C = Aᵀ B   dA = B Gᵀ   dB = A G
class ProductNode : public torch::autograd::Function<ProductNode> {
 public:
  static Variable forward(AutogradContext* context,
                          const Variable& a,
                          const Variable& b,
                          const Variable& bias,
                          int64_t form) {
    context->save_for_backward({a, b});
    context->saved_data["form"] = form;
    context->saved_data["a"] = a.requires_grad();
    context->saved_data["b"] = b.requires_grad();
    context->saved_data["bias"] = bias.requires_grad();
    const auto given = bias.numel() > 0 ? bias : Tensor();
    return evaluate(static_cast<Form>(form), a, b, given);
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const auto saved = context->get_saved_variables();
    const auto &a = saved[0], &b = saved[1], &g = grads[0];
    const auto form = static_cast<Form>(context->saved_data["form"].toInt());
    Variable da, db, dbias;
    if (context->saved_data["a"].toBool()) {
      da = form == Form::kPlain             ? product(Form::kRightTransposed, g, b)
           : form == Form::kRightTransposed ? product(Form::kPlain, g, b)
                                            : product(Form::kRightTransposed, b, g);
    }
    if (context->saved_data["b"].toBool()) {
      db = form == Form::kPlain             ? product(Form::kLeftTransposed, a, g)
           : form == Form::kRightTransposed ? product(Form::kLeftTransposed, g, a)
                                            : product(Form::kPlain, a, g);
    }
    if (context->saved_data["bias"].toBool()) dbias = g.sum(2);
    return {da, db, dbias, Variable()};
  }
};

Tensor product(Form form, const Tensor& a, const Tensor& b, const Tensor& bias) {
  const bool tracked =
      at::GradMode::is_enabled() && (a.requires_grad() || b.requires_grad() ||
                                     (bias.defined() && bias.requires_grad()));
  if (!tracked) return evaluate(form, a, b, bias);
  // A node takes no undefined tensor: an empty one stands for "no bias".
  return ProductNode::apply(a,
                            b,
                            bias.defined() ? bias : at::empty({0}, a.options()),
                            static_cast<int64_t>(form));
}

}  // namespace

Tensor batched_affine(const Tensor& w, const Tensor& x, const Tensor& bias) {
  return product(Form::kPlain, w, x, bias);
}

}  // namespace basin
