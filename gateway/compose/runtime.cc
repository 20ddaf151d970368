#include "gateway/compose/runtime.h"

#include "gateway/compose/execution.h"

namespace frontdesk::compose {

Task<absl::StatusOr<Composed>> Run(upstream::CallContext& context, const contract::Plan& plan,
                                   upstream::Caller& caller, std::string_view request,
                                   const RunOptions& options) {
  Execution execution(context, plan, caller, options);
  if (absl::Status status = execution.Start(request); !status.ok()) co_return status;
  co_await execution.UntilIdle();
  absl::StatusOr<Composed> answer = execution.TakeAnswer();
  if (plan.undoes) co_await execution.TakeBack(&answer);
  co_return answer;
}

}  // namespace frontdesk::compose
