// Other spellings of the same message: on the wire, and as JSON.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/transcode/wire.h"
#include "tests/unit/transcode/random_message.h"

namespace frontdesk::testing {

// Turns a tidy wire into one that means the same: fields in any order, repeated ones split and
// packed or not, singular ones and entries of maps preceded by other values, oneofs by other
// members, messages in parts, padded varints, unknown fields.
class Untidy {
 public:
  explicit Untidy(Random& random) : random_(random) {}

  std::string Wire(std::string_view wire, const google::protobuf::Descriptor& type) {
    std::string out;
    for (const std::string& part : Parts(wire, type)) out += part;
    return out;
  }

 private:
  using Descriptor = google::protobuf::Descriptor;
  using Field = google::protobuf::FieldDescriptor;
  using Queue = std::deque<std::string>;

  // Parts of the same queue keep their order; queues are mixed. Members of a oneof share one.
  std::vector<std::string> Parts(std::string_view wire, const Descriptor& type) {
    std::map<int, Queue> queues;
    transcode::WireReader reader(wire);
    for (transcode::WireField one; reader.Next(one);) {
      const Field& field = *type.FindFieldByNumber(static_cast<int>(one.number));
      const auto* oneof = field.real_containing_oneof();
      AddField(field, one, queues[oneof != nullptr ? -1 - oneof->index() : field.number()]);
    }
    for (auto& [number, queue] : queues) {
      const Field* field = number > 0 ? type.FindFieldByNumber(number) : nullptr;
      if (field != nullptr && field->is_map()) MixMap(*field, queue);
    }
    for (int i = static_cast<int>(random_.Below(3)); i > 0; --i) queues[-100 - i] = {Unknown()};
    std::vector<std::string> parts;
    while (!queues.empty()) {
      auto queue = queues.begin();
      std::advance(queue, random_.Below(static_cast<uint32_t>(queues.size())));
      parts.push_back(std::move(queue->second.front()));
      queue->second.pop_front();
      if (queue->second.empty()) queues.erase(queue);
    }
    return parts;
  }

  void AddField(const Field& field, const transcode::WireField& one, Queue& queue) {
    const auto* oneof = field.real_containing_oneof();
    if (oneof != nullptr) {
      for (int i = 0; i < oneof->field_count(); ++i) {
        const Field& other = *oneof->field(i);
        if (&other != &field && random_.Chance(30)) queue.push_back(Garbage(other));
      }
    }
    if (field.is_map()) {
      queue.push_back(Length(field, Entry(one.bytes, *field.message_type())));
    } else if (field.message_type() != nullptr) {
      if (field.is_repeated()) {
        queue.push_back(Length(field, Wire(one.bytes, *field.message_type())));
      } else {
        Split(field, Parts(one.bytes, *field.message_type()), queue);
      }
    } else if (field.is_packable() && field.is_repeated() &&
               one.type == transcode::WireType::kBytes) {
      Packed(field, one.bytes, queue);
    } else {
      if (!field.is_repeated() && random_.Chance(30)) queue.push_back(Garbage(field));
      queue.push_back(Scalar(field, one));
    }
  }

  // A message as one to three parts; empty ones count.
  void Split(const Field& field, const std::vector<std::string>& parts, Queue& queue) {
    std::string payload;
    for (const std::string& part : parts) {
      if (random_.Chance(15)) {
        queue.push_back(Length(field, payload));
        payload.clear();
      }
      payload += part;
    }
    queue.push_back(Length(field, payload));
  }

  // Key and value in any order, the key doubled, unknown fields between.
  std::string Entry(std::string_view payload, const Descriptor& type) {
    return Wire(payload, type);
  }
  // Entries have no order; an older entry of the same key may stand in front.
  void MixMap(const Field& map, Queue& queue) {
    std::shuffle(queue.begin(), queue.end(), Engine{random_});
    for (size_t i = queue.size(); i-- > 0;) {
      if (!random_.Chance(30)) continue;
      const auto before = static_cast<ptrdiff_t>(random_.Below(static_cast<uint32_t>(i + 1)));
      queue.insert(queue.begin() + before, OlderEntry(map, queue[i]));
    }
  }
  std::string OlderEntry(const Field& map, std::string_view entry) {
    transcode::WireField one;
    transcode::WireReader(entry).Next(one);
    transcode::WireReader reader(one.bytes);
    std::string key;
    while (reader.Next(one)) {
      if (one.number == 1) key = Scalar(*map.message_type()->map_key(), one);
    }
    const std::string value = Garbage(*map.message_type()->map_value());
    return Length(map, random_.Chance(50) ? key + value : value + key);
  }

  void Packed(const Field& field, std::string_view bytes, Queue& queue) {
    const auto type = transcode::WireTypeOf(static_cast<contract::FieldType>(field.type()));
    transcode::PackedReader reader(bytes, type);
    std::string chunk;
    const auto flush = [&] {
      if (!chunk.empty() || random_.Chance(5)) queue.push_back(Length(field, chunk));
      chunk.clear();
    };
    for (uint64_t value = 0; reader.Next(value);) {
      if (random_.Chance(30)) flush();
      if (random_.Chance(30)) {
        flush();
        queue.push_back(Tag(field, type) + Number(type, value));
      } else {
        chunk += Number(type, value);
      }
    }
    flush();
  }

  std::string Garbage(const Field& field) {
    const auto type = transcode::WireTypeOf(static_cast<contract::FieldType>(field.type()));
    if (field.message_type() != nullptr) return Length(field, "");
    if (type == transcode::WireType::kBytes) return Length(field, "old");
    return Tag(field, type) + Number(type, random_.Bits());
  }

  std::string Scalar(const Field& field, const transcode::WireField& one) {
    if (one.type == transcode::WireType::kBytes) return Length(field, std::string(one.bytes));
    return Tag(field, one.type) + Number(one.type, one.value);
  }
  std::string Number(transcode::WireType type, uint64_t value) {
    if (type == transcode::WireType::kVarint) return Varint(value, 10);
    const char* const bytes = reinterpret_cast<const char*>(&value);
    return {bytes, type == transcode::WireType::kFixed64 ? 8u : 4u};
  }
  std::string Tag(const Field& field, transcode::WireType type) {
    return Varint(transcode::Tag(static_cast<uint32_t>(field.number()), type), 5);
  }
  std::string Length(const Field& field, const std::string& payload) {
    return Tag(field, transcode::WireType::kBytes) + Varint(payload.size(), 5) + payload;
  }
  std::string Varint(uint64_t value, size_t longest) {
    char bytes[10];
    std::string out(bytes, transcode::WriteVarint(bytes, value));
    if (!random_.Chance(20)) return out;
    while (out.size() < longest && random_.Chance(60)) {
      out.back() = static_cast<char>(out.back() | 0x80);
      out.push_back(0);
    }
    return out;
  }
  std::string Unknown() {
    switch (random_.Below(4)) {
      case 0:
        return Varint(12345 << 3, 5) + Varint(random_.Bits(), 10);
      case 1:
        return Varint(12345 << 3 | 1, 5) + "12345678";
      case 2:
        return Varint(12345 << 3 | 5, 5) + "1234";
      default:
        return Varint(99 << 3 | 2, 5) + Varint(3, 5) + "\xff\xff\xff";
    }
  }

  struct Engine {
    using result_type = uint32_t;
    static constexpr uint32_t min() { return 0; }
    static constexpr uint32_t max() { return UINT32_MAX; }
    uint32_t operator()() { return static_cast<uint32_t>(random.Bits()); }
    Random& random;
  };

  Random& random_;
};

// The same JSON value with members in another order and white space in between.
class JsonShuffler {
 public:
  explicit JsonShuffler(Random& random) : random_(random) {}
  std::string Shuffle(std::string_view json) { return Value(json); }

 private:
  std::string Value(std::string_view& json) {
    if (json.front() != '{' && json.front() != '[') return Space() + Token(json) + Space();
    const char open = json.front();
    const char close = open == '{' ? '}' : ']';
    std::vector<std::string> items;
    json.remove_prefix(1);
    while (json.front() != close) {
      if (json.front() == ',') json.remove_prefix(1);
      std::string item;
      if (open == '{') {
        item = Space() + Token(json) + Space() + ":";
        json.remove_prefix(1);
      }
      items.push_back(item + Value(json));
    }
    json.remove_prefix(1);
    for (size_t i = items.size(); open == '{' && i > 1; --i) {
      std::swap(items[i - 1], items[random_.Below(static_cast<uint32_t>(i))]);
    }
    std::string out = Space() + open;
    for (size_t i = 0; i < items.size(); ++i) out += (i == 0 ? "" : ",") + items[i];
    return out + close + Space();
  }
  std::string Token(std::string_view& json) {
    size_t size = 0;
    if (json.front() == '"') {
      for (size = 1; json[size] != '"'; ++size) size += json[size] == '\\' ? 1 : 0;
      ++size;
    } else {
      size = std::min(json.size(), json.find_first_of(",]}"));
    }
    const std::string token(json.substr(0, size));
    json.remove_prefix(size);
    return token;
  }
  std::string Space() {
    static constexpr const char* kSpaces[] = {"", "", "", " ", "\n", "\r\n\t"};
    return kSpaces[random_.Below(6)];
  }

  Random& random_;
};

}  // namespace frontdesk::testing
