// The plan of a composition: checked and resolved once, run on wire bytes. Nothing in it is looked
// up by name at run time, and everything that can be wrong with it is found by CompilePlan().
//
// Messages are read and written by small programs. A MessageReader gathers the wanted fields of a
// message in one pass over its wire, each into a slot; a list of Writes lays slots out as the wire
// of another message. A Conversion is such a pair for two message types whose fields have the same
// names.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "frontdesk/v1/compose.pb.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/findings.h"
#include "gateway/contract/message_table.h"
#include "gateway/contract/source_places.h"

namespace frontdesk::contract {

// A field that is wanted of a message.
struct WantedField {
  const Field* field = nullptr;
  int32_t slot = -1;   // its values are gathered here; -1 if only something inside is wanted
  int32_t child = -1;  // MessageReader::nodes: what is wanted inside of it; -1 for nothing
  // A message that is used as a whole: it must be well formed all the way down.
  bool walk = false;
};

// What is wanted of a message and where it goes. Slots are numbered from 0.
struct MessageReader {
  struct Node {
    const MessageTable* table = nullptr;
    std::vector<WantedField> fields;  // ascending by number
    bool oneofs = false;              // some of them are members of a oneof
  };
  std::vector<Node> nodes;  // [0] is the message itself; empty when the value is a scalar
  int32_t whole = -1;       // slot of the message (or scalar) as a whole, or -1
  uint32_t slots = 0;
};

// Enum numbers of one type as those of another.
struct EnumMap {
  bool same = true;                                  // every number stays what it is
  std::vector<std::pair<int32_t, int32_t>> numbers;  // ascending; of no use when `same`
};

// Where a value comes from.
struct Source {
  enum class Root : uint8_t {
    kRequest,
    kCaller,   // `claim`, else caller.sub
    kStep,     // the reply of a step, or the list of its replies
    kElement,  // what `each` is at
    kSelf,     // inside a conversion: the message that is converted; in an undo: the own reply
  };
  Root root = Root::kRequest;
  bool list = false;  // a step with `each`: one value per element that did not fail
  uint16_t step = 0;  // kStep: index in Plan::steps
  uint32_t slot = 0;
  int32_t within = -1;           // slot of the message around it; -1 when that is the root itself
  const Field* field = nullptr;  // its type; null for a whole message and for the caller
  std::string claim;             // kCaller: the path of a claim; "" for caller.sub
};

// One field of the message that is written.
struct Write {
  enum class Kind : uint8_t {
    kConstant,  // `constant`, tag included
    kNested,    // a message of `children`; left out when none of them has a value
    kScalar,    // number, bool or enum
    kText,      // string or bytes
    kSplice,    // the same message type: its bytes as they are
    kConvert,   // another message type: by Plan::conversions[conversion]
  };
  // What becomes of a single value without presence on either side.
  enum class Default : uint8_t {
    kKeep,   // both have presence: what is there is written
    kDrop,   // the target has none: its default says nothing
    kWrite,  // only the target has presence: the source always has a value, if only its default
  };
  Kind kind = Kind::kConstant;
  Default on_default = Default::kKeep;
  const Field* target = nullptr;
  uint32_t conversion = 0;
  EnumMap enum_map;  // kScalar between enum types
  Source source;
  std::string constant;
  std::vector<Write> children;  // ascending by number
};

struct Conversion {
  const MessageTable* from = nullptr;
  const MessageTable* to = nullptr;
  bool by_name = true;  // false: somebody said what fills what, for one place only
  MessageReader reader;
  std::vector<Write> writes;  // ascending by number
};

// How a step is taken back.
struct PlanUndo {
  const Method* method = nullptr;
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);  // of one try
  // What is known before the step runs, and what only its reply tells (Root::kSelf). Both written
  // one after the other are the request: no field is in both, and messages in both merge.
  std::vector<Write> request;
  std::vector<Write> from_reply;
  MessageReader reply;  // what `from_reply` wants of the step's reply
};

// What is true or not of what is known so far.
struct PlanCondition {
  enum class Kind : uint8_t { kHas, kIn, kNot, kAnd, kOr };
  Kind kind = Kind::kHas;
  Source source;                    // kHas, kIn; without a slot when it is a step as a whole
  std::vector<std::string> values;  // kIn: text, or the wire's bytes of a number, bool or enum
  std::vector<PlanCondition> children;
};

// How the elements of an `each` are asked for together.
struct PlanBatch {
  const Method* method = nullptr;
  // Its request; between the two, the keys.
  std::vector<Write> before_keys;
  std::vector<Write> after_keys;
  Write key;  // of one element; kText or kScalar, into the repeated field
  const Field* results =
      nullptr;                   // of its reply: messages of the type that the step's call returns
  const Field* match = nullptr;  // of a result: its key
  size_t max_keys = 100;         // of one call
};

struct PlanStep {
  enum class OnError { kFail, kOmit, kDefault };

  std::string id;
  const Method* method = nullptr;
  OnError on_error = OnError::kFail;
  std::chrono::nanoseconds timeout = std::chrono::nanoseconds::max();
  Place timeout_place;         // where it was written
  uint64_t needs = 0;          // steps it waits for, a bit per index
  uint64_t feeds = 0;          // those of them without whose replies it can't be made
  std::vector<Write> request;  // ascending by number
  MessageReader reply;         // what others want of its reply
  std::string default_reply;   // kDefault
  std::unique_ptr<const PlanCondition> when;  // null: always

  bool each = false;
  Source list;            // the elements
  MessageReader element;  // what `request` wants of an element
  uint32_t max_parallel = 16;
  std::unique_ptr<const PlanBatch> batch;  // null: a call each

  std::unique_ptr<const PlanUndo> undo;  // null when there is nothing to take back
  Place undo_timeout_place;              // where its timeout was written
  bool hooks = false;                    // generated code sees request and reply
  bool always = false;                   // whatever a client wants to see

  // What it says about its calls, over the called method's own policy: retry and hedge. Where that
  // stands.
  frontdesk::v1::Policy policy;
  PolicyPlaces policy_places;

  // The method that is called: with `batch` another than the one whose replies there are.
  const Method& called() const { return batch ? *batch->method : *method; }
};

// Immutable; refers to the Methods and MessageTables of its contract.
struct Plan {
  static constexpr size_t kMaxSteps = 64;

  std::chrono::nanoseconds deadline = std::chrono::nanoseconds::max();
  Place deadline_place;         // where it was written
  std::vector<PlanStep> steps;  // every step after those it needs, else as declared
  MessageReader request;
  std::vector<Write> answer;  // ascending by number
  std::vector<Conversion> conversions;
  bool undoes = false;  // some step has an undo
  bool hooks = false;   // generated code sees the answer
};

// Who wrote a composition: of an adapter's, the answer may be empty or constant.
enum class Composed { kByHand, kByAdapter };

// The plan of the unary `method`, declared by `composition`; null, with at least one finding, when
// something is wrong with it. `methods` are all methods of the contract, complete but for their
// plans, at addresses that last; `place_of` gives the place of a value of the option.
std::unique_ptr<const Plan> CompilePlan(const frontdesk::v1::Composition& composition,
                                        const Method& method, std::span<const Method> methods,
                                        const PlaceOf& place_of, Findings& findings,
                                        Composed composed = Composed::kByHand);

}  // namespace frontdesk::contract
