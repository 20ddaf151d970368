// The back ends; each of these fills in one, from the file of its name.
#pragma once

#include "services_mock/backend.h"

namespace frontdesk::mock {

void AddUser(Backend& backend);
void AddOrder(Backend& backend);
void AddPayment(Backend& backend);
void AddProduct(Backend& backend);
void AddInventory(Backend& backend);
void AddShipping(Backend& backend);
void AddReview(Backend& backend);
void AddPricing(Backend& backend);
void AddRecommendation(Backend& backend);
void AddNotification(Backend& backend);
void AddCart(Backend& backend);
void AddAnalytics(Backend& backend);
// Part of the payment back end.
void AddGiftCards(Backend& backend);

inline constexpr int kLargestBatch = 100;

// Answers a batch-get: copies the elements of `list` with these ids ("<prefix>-<n>") in the order
// asked, leaving unknown ids out.
template <class Ids, class T, class Repeated>
Outcome CopyBatch(const Ids& ids, std::string_view prefix, const std::vector<T>& list,
                  Repeated* into) {
  const Outcome valid =
      Violations().AddIf(ids.size() > kLargestBatch, "ids", "must not be more than 100").Finish();
  if (Failed(valid)) return valid;
  for (const std::string& id : ids) {
    const int number = NumberOf(prefix, id);
    if (number > 0 && number <= static_cast<int>(list.size())) *into->Add() = list[number - 1];
  }
  return Outcome();
}

}  // namespace frontdesk::mock
