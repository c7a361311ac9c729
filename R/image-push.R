# An image of this machine, brought to a registry.

#' Push an image to a registry
#'
#' Brings an image of this machine to where SageMaker or a colleague finds it. Amazon's registry, ECR, is recognised by
#' its address, or meant by `ecr`: the repository is made when it is not there, and a token is fetched for this one push
#' with your AWS credentials. For other registries you are who `docker login` knows, or who the environment variables
#' SHARDR_REGISTRY_USER and SHARDR_REGISTRY_PASSWORD name. Nothing is written to any file.
#'
#' @param image Name of the image; [images()] lists them.
#' @param repository Where to, as in `"registry.example.org/team/name"`. With `ecr` the name there, by default the
#'   image's own.
#' @param tag Tag in the registry. Default: that of the image.
#' @param ecr `TRUE` for ECR of your account in the region that is set, or the region, as in `"eu-west-1"`.
#' @returns A list with `image`, `repository`, `tag`, `digest` and `uri`, which is `repository@sha256:...` and what to
#'   give as the `image` of a step, invisibly. Errors: `shardr_error_image` when the image is not there or the registry
#'   refuses, `shardr_error_runner_unavailable` when no Docker daemon answers.
#' @seealso [image_init()], [image_build()]
#' @export
#' @examples
#' \dontrun{
#' image_push("processing", ecr = "eu-west-1")$uri
#' }
image_push <- function(image, repository = NULL, tag = NULL, ecr = FALSE) {
  call <- environment()
  given <- list(
    image = as_text(image), repository = as_text(repository), tag = as_text(tag),
    ecr = if (is.logical(ecr)) as_flag(ecr) else as_text(ecr)
  )
  given <- checked(given, "image", "This says not what to push.", call)
  cli::cli_progress_step(
    "pushing {given$image}",
    msg_done = "pushed {given$image}", msg_failed = "{given$image} was not pushed"
  )
  invisible(python_call("image_push", given, call))
}
