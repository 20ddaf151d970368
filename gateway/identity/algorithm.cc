#include "gateway/identity/algorithm.h"

#include <array>

namespace frontdesk::identity {
namespace {

struct Row {
  std::string_view name;
  Family family;
  int hash;
};

constexpr std::array<Row, kAlgorithms> kRows = {{
    {"RS256", Family::kRsa, 32},
    {"RS384", Family::kRsa, 48},
    {"RS512", Family::kRsa, 64},
    {"PS256", Family::kRsaPss, 32},
    {"PS384", Family::kRsaPss, 48},
    {"PS512", Family::kRsaPss, 64},
    {"ES256", Family::kEc, 32},
    {"ES384", Family::kEc, 48},
    {"ES512", Family::kEc, 64},
    {"EdDSA", Family::kEd25519, 64},
    {"HS256", Family::kHmac, 32},
    {"HS384", Family::kHmac, 48},
    {"HS512", Family::kHmac, 64},
}};

const Row& RowOf(Algorithm algorithm) { return kRows[static_cast<size_t>(algorithm)]; }

}  // namespace

std::optional<Algorithm> ParseAlgorithm(std::string_view name) {
  for (size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].name == name) return static_cast<Algorithm>(i);
  }
  return std::nullopt;
}

std::string_view NameOf(Algorithm algorithm) { return RowOf(algorithm).name; }
Family FamilyOf(Algorithm algorithm) { return RowOf(algorithm).family; }
int HashBytes(Algorithm algorithm) { return RowOf(algorithm).hash; }

}  // namespace frontdesk::identity
