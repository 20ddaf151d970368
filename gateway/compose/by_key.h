// Maps of typed messages in an order that is the same every time.
#pragma once

#include <algorithm>
#include <vector>

#include "google/protobuf/map.h"

namespace frontdesk::compose {

// The entries of a map by their keys: numbers by value, strings by their bytes. The map stays as it
// is meanwhile.
//   for (const auto& entry : ByKey(order.totals())) use(entry.first, entry.second);
template <class Key, class Value>
class ByKey {
 public:
  using Map = google::protobuf::Map<Key, Value>;
  using Entry = typename Map::value_type;

  explicit ByKey(const Map& map) {
    entries_.reserve(map.size());
    for (const Entry& entry : map) entries_.push_back(&entry);
    std::sort(entries_.begin(), entries_.end(),
              [](const Entry* a, const Entry* b) { return a->first < b->first; });
  }

  class Iterator {
   public:
    explicit Iterator(typename std::vector<const Entry*>::const_iterator at) : at_(at) {}
    const Entry& operator*() const { return **at_; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    typename std::vector<const Entry*>::const_iterator at_;
  };
  Iterator begin() const { return Iterator(entries_.begin()); }
  Iterator end() const { return Iterator(entries_.end()); }

 private:
  std::vector<const Entry*> entries_;
};

}  // namespace frontdesk::compose
