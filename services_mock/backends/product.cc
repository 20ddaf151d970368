#include <algorithm>

#include "services_mock/backends/all.h"
#include "services_mock/paging.h"

namespace frontdesk::mock {
namespace {

using product_v1::Product;

bool IsCategory(const std::string& name) {
  const auto& all = Categories();
  return std::find(all.begin(), all.end(), name) != all.end();
}

Outcome GetProduct(Shop& shop, const product_v1::GetProductRequest& request, Product& reply) {
  Product* product = nullptr;
  Outcome outcome = FindProduct(shop, request.product_id(), product);
  if (!Failed(outcome)) reply = *product;
  return outcome;
}

Outcome BatchGet(Shop& shop, const product_v1::BatchGetRequest& request,
                 product_v1::BatchGetResponse& reply) {
  return CopyBatch(request.ids(), "product", shop.products, reply.mutable_products());
}

Outcome ListProducts(Shop& shop, const product_v1::ListProductsRequest& request,
                     product_v1::ListProductsResponse& reply) {
  const std::string& category = request.category();
  const Outcome valid = Violations()
                            .AddIf(!category.empty() && !IsCategory(category), "category",
                                   "is no category of this shop")
                            .Finish();
  if (Failed(valid)) return valid;
  const std::string list = Cat("products ", category);
  Page page;
  if (Outcome bad = ReadPage(list, request.page_size(), request.page_token(), page); Failed(bad)) {
    return bad;
  }
  std::vector<const Product*> all;
  for (const Product& product : shop.products) {
    if (category.empty() || product.category() == category) all.push_back(&product);
  }
  reply.set_next_page_token(TakePage(list, all, page, reply.mutable_products()));
  reply.set_total_size(static_cast<int>(all.size()));
  return Outcome();
}

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::vector<std::string> Words(const std::string& query) {
  std::vector<std::string> words;
  const std::string lower = Lower(query);
  for (size_t at = 0; at < lower.size();) {
    const size_t end = std::min(lower.find(' ', at), lower.size());
    if (end > at) words.push_back(lower.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

bool Matches(const Product& product, const product_v1::SearchProductsRequest& request,
             const std::vector<std::string>& words) {
  const auto& price = request.price();
  if (price.has_min_cents() && product.price_cents() < price.min_cents()) return false;
  if (price.has_max_cents() && product.price_cents() > price.max_cents()) return false;
  const auto& wanted = request.categories();
  if (!wanted.empty() && std::count(wanted.begin(), wanted.end(), product.category()) == 0) {
    return false;
  }
  const std::string title = Lower(product.title());
  return std::all_of(words.begin(), words.end(), [&title](const std::string& word) {
    return title.find(word) != std::string::npos;
  });
}

Outcome SearchProducts(Shop& shop, const product_v1::SearchProductsRequest& request,
                       product_v1::SearchProductsResponse& reply) {
  const std::vector<std::string> words = Words(request.query());
  Violations violations;
  violations.AddIf(words.empty(), "query", "needs at least one word");
  const auto& price = request.price();
  violations.AddIf(
      price.has_min_cents() && price.has_max_cents() && price.min_cents() > price.max_cents(),
      "price", "its minimum is over its maximum");
  for (int i = 0; i < request.categories_size(); ++i) {
    violations.AddIf(!IsCategory(request.categories(i)), Cat("categories[", i, "]"),
                     "is no category of this shop");
  }
  if (!violations.empty()) return violations.Finish();

  product_v1::SearchProductsRequest filter = request;
  filter.clear_page_size();
  filter.clear_page_token();
  const std::string list = Cat("search ", filter.SerializeAsString());
  Page page;
  if (Outcome bad = ReadPage(list, request.page_size(), request.page_token(), page); Failed(bad)) {
    return bad;
  }
  std::vector<const Product*> all;
  for (const Product& product : shop.products) {
    if (!Matches(product, request, words)) continue;
    all.push_back(&product);
    ++(*reply.mutable_category_counts())[product.category()];
  }
  reply.set_next_page_token(TakePage(list, all, page, reply.mutable_products()));
  return Outcome();
}

}  // namespace

void AddProduct(Backend& backend) {
  constexpr std::string_view kService = "shop.product.v1.Products";
  backend.Add(kService, "GetProduct", GetProduct);
  backend.Add(kService, "BatchGet", BatchGet);
  backend.Add(kService, "ListProducts", ListProducts);
  backend.Add(kService, "SearchProducts", SearchProducts);
}

}  // namespace frontdesk::mock
