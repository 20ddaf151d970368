#include "google/api/httpbody.pb.h"
#include "services_mock/backends/all.h"
#include "services_mock/paging.h"

namespace frontdesk::mock {
namespace {

using review_v1::Review;

// What clients can add has an end.
constexpr size_t kMostReviews = 100'000;
constexpr size_t kMostPhotos = 5'000;
constexpr size_t kLargestPhoto = 1 << 20;
constexpr int kResourceExhausted = 8;

std::vector<const Review*> ReviewsOf(const Shop& shop, const std::string& product_id) {
  std::vector<const Review*> all;
  for (auto review = shop.reviews.rbegin(); review != shop.reviews.rend(); ++review) {
    if (review->product_id() == product_id) all.push_back(&*review);
  }
  return all;
}

Outcome ListReviews(Shop& shop, const review_v1::ListReviewsRequest& request,
                    review_v1::ListReviewsResponse& reply) {
  product_v1::Product* product = nullptr;
  if (Outcome none = FindProduct(shop, request.product_id(), product); Failed(none)) return none;
  const int least = request.min_stars();
  const std::string list = Cat("reviews of ", product->id(), ' ', least);
  Page page;
  if (Outcome bad = ReadPage(list, request.page_size(), request.page_token(), page); Failed(bad)) {
    return bad;
  }
  std::vector<const Review*> all;
  for (const Review* review : ReviewsOf(shop, product->id())) {
    if (review->stars() >= least) all.push_back(review);
  }
  reply.set_next_page_token(TakePage(list, all, page, reply.mutable_reviews()));
  reply.set_total_size(static_cast<int>(all.size()));
  return Outcome();
}

Outcome ListByOrder(Shop& shop, const review_v1::ListByOrderRequest& request,
                    review_v1::ListByOrderResponse& reply) {
  order_v1::Order* order = nullptr;
  if (Outcome none = FindOrder(shop, request.order_id(), order); Failed(none)) return none;
  for (const Review& review : shop.reviews) {
    if (review.order_id() == order->id()) *reply.add_reviews() = review;
  }
  return Outcome();
}

Outcome GetSummary(Shop& shop, const review_v1::GetSummaryRequest& request,
                   review_v1::Summary& reply) {
  product_v1::Product* product = nullptr;
  if (Outcome none = FindProduct(shop, request.product_id(), product); Failed(none)) return none;
  reply.set_product_id(product->id());
  int stars = 0;
  for (const Review* review : ReviewsOf(shop, product->id())) {
    reply.set_count(reply.count() + 1);
    stars += review->stars();
    ++(*reply.mutable_histogram())[review->stars()];
  }
  if (reply.count() > 0) reply.set_average(static_cast<double>(stars) / reply.count());
  return Outcome();
}

Outcome CreateReview(Shop& shop, const review_v1::CreateReviewRequest& request, Review& reply) {
  product_v1::Product* product = nullptr;
  user_v1::User* user = nullptr;
  if (Outcome none = FindProduct(shop, request.product_id(), product); Failed(none)) return none;
  if (Outcome none = FindUser(shop, request.user_id(), user); Failed(none)) return none;
  const Review& given = request.review();
  const Outcome valid =
      Violations()
          .AddIf(given.stars() < 1 || given.stars() > 5, "review.stars", "must be from 1 to 5")
          .AddIf(given.text().empty(), "review.text", "must not be empty")
          .AddIf(given.text().size() > 10'000, "review.text", "is over 10000 bytes")
          .Finish();
  if (Failed(valid)) return valid;
  if (shop.reviews.size() >= kMostReviews) {
    return Failure(kResourceExhausted, "TOO_MANY_REVIEWS", "no more reviews fit");
  }
  reply.set_id(Cat("review-", shop.reviews.size() + 1));
  reply.set_product_id(product->id());
  reply.set_user_id(user->id());
  reply.set_stars(given.stars());
  reply.set_title(given.title());
  reply.set_text(given.text());
  reply.mutable_created_at()->set_seconds(kToday);
  shop.reviews.push_back(reply);
  return Outcome();
}

Outcome UploadPhoto(Shop& shop, const review_v1::UploadPhotoRequest& request,
                    review_v1::Photo& reply) {
  Review* review = nullptr;
  Outcome none = Find(shop.reviews, "review", "shop.review.v1.Review", "review_id",
                      request.review_id(), review);
  if (Failed(none)) return none;
  const std::string& type = request.photo().content_type();
  const std::string& data = request.photo().data();
  const Outcome valid = Violations()
                            .AddIf(type != "image/png" && type != "image/jpeg",
                                   "photo.content_type", "must be image/png or image/jpeg")
                            .AddIf(data.empty(), "photo.data", "must not be empty")
                            .AddIf(data.size() > kLargestPhoto, "photo.data", "is over 1 MiB")
                            .Finish();
  if (Failed(valid)) return valid;
  if (shop.photos.size() >= kMostPhotos || review->photos_size() >= 20) {
    return Failure(kResourceExhausted, "TOO_MANY_PHOTOS", "no more photos fit");
  }
  shop.photos.push_back({type, data});
  reply.set_id(Cat("photo-", shop.photos.size()));
  reply.set_content_type(type);
  reply.set_size_bytes(static_cast<int64_t>(data.size()));
  reply.set_checksum(Crc32c(data));
  *review->add_photos() = reply;
  return Outcome();
}

Outcome GetPhoto(Shop& shop, const review_v1::GetPhotoRequest& request,
                 google::api::HttpBody& reply) {
  PhotoFile* photo = nullptr;
  Outcome outcome =
      Find(shop.photos, "photo", "shop.review.v1.Photo", "photo_id", request.photo_id(), photo);
  if (Failed(outcome)) return outcome;
  reply.set_content_type(photo->content_type);
  reply.set_data(photo->data);
  return Outcome();
}

}  // namespace

void AddReview(Backend& backend) {
  constexpr std::string_view kService = "shop.review.v1.Reviews";
  backend.Add(kService, "ListReviews", ListReviews);
  backend.Add(kService, "ListByOrder", ListByOrder);
  backend.Add(kService, "GetSummary", GetSummary);
  backend.Add(kService, "CreateReview", CreateReview);
  backend.Add(kService, "UploadPhoto", UploadPhoto);
  backend.Add(kService, "GetPhoto", GetPhoto);
}

}  // namespace frontdesk::mock
