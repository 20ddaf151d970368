// Lists in pages with opaque tokens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "services_mock/outcome.h"

namespace frontdesk::mock {

struct Page {
  size_t begin = 0;
  size_t size = 0;
};

// Reads the paging fields of a request. `list` names the list and its filter ("orders of user-1"):
// a token works only for the list it was made for. Sizes above 100 count as 100 and 0 as 20;
// INVALID_ARGUMENT for negative ones and for foreign or broken tokens.
Outcome ReadPage(std::string_view list, int32_t page_size, const std::string& token, Page& page);

// Token of the page that starts at `begin`.
std::string PageToken(std::string_view list, size_t begin);

// Copies a page of `all` into `into` and returns the next page's token, "" at the end.
template <class T, class Repeated>
std::string TakePage(std::string_view list, const std::vector<const T*>& all, const Page& page,
                     Repeated* into) {
  const size_t begin = page.begin < all.size() ? page.begin : all.size();
  const size_t end = page.size < all.size() - begin ? begin + page.size : all.size();
  for (size_t i = begin; i < end; ++i) *into->Add() = *all[i];
  return end < all.size() ? PageToken(list, end) : std::string();
}

}  // namespace frontdesk::mock
