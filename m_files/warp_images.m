% -*- texinfo -*-
% @deftypefn  {} {@var{X} =} warp_images (@var{X})
% @deftypefnx {} {@var{X} =} warp_images (@dots{}, @var{name}, @var{value}, @dots{})
% Return images moved, turned, grown and sheared a little at random, to train with.
%
% @var{X} is (pixels x samples); the pixels of an image are numbered row after row, as in MNIST's
% files.  Samples are taken in groups of @var{batch_size}, and all images of a group are warped in
% the same way, which makes a warp one product with a sparse matrix.  Values between pixels are
% bilinear, and what comes from outside is zero.  The result has the class of @var{X}.
%
% About its centre an image grows, then shears, then turns, then moves.  The amounts are uniform
% between minus and plus what the options say, and without options nothing changes:
%
% @table @asis
% @item @qcode{"shift"}
% Pixels, drawn for the way down and then for the way to the right.
% @item @qcode{"rotation"}
% Degrees counterclockwise, at most 180.
% @item @qcode{"scale"}
% Growth, below 1: 0.1 means factors from 0.9 to 1.1, drawn for height and then for width.
% @item @qcode{"shear"}
% Columns that a row moves to the right of the row above it.
% @item @qcode{"batch_size"}
% Samples that are warped alike (128).
% @item @qcode{"image_size"}
% Height and width, if the images are not square.
% @item @qcode{"seed"}
% For @code{rand}, which draws the six amounts of a group in the order above (0).
% @end table
%
% @example
% @group
% X = warp_images (rand (784, 1000), "shift", 2, "rotation", 10);
% @end group
% @end example
% @seealso{train_model, retrain_model}
% @end deftypefn

function X = warp_images(X, varargin)
  if nargin < 1
    print_usage();
  end
  op = 'warp_images';
  options = parse_options(op, warp_defaults(struct('seed', 0)), varargin);
  X = check_matrix(op, 'X', X);
  check_not_empty(op, 'X', X);
  warp = check_warp(op, options, rows(X));
  seed = check_integer(op, 'SEED', options.seed, '[0, 4294967295]');
  restore = seed_random(seed); %#ok
  X = warp_groups(X, warp);
end

%!shared X
%! X = reshape(1:12, 6, 2);  % two images of 2 x 3
%!assert(warp_images(X, 'image_size', [2, 3]), X)
%!assert(class(warp_images(single(X), 'image_size', [2, 3], 'shift', 1)), 'single')
%!test
%! before = rand('twister');
%! one = warp_images([X, X], 'image_size', [2, 3], 'shift', 2, 'batch_size', 2, 'seed', 3);
%! assert(any(vec(one(:, 1:2) ~= one(:, 3:4))));
%! alone = warp_images(X, 'image_size', [2, 3], 'shift', 2, 'batch_size', 2, 'seed', 3);
%! assert(one(:, 1:2), alone);
%! assert(rand('twister'), before);
%!test
%! % The pixel in the middle moves down and to the right by the first two amounts.
%! rand('twister', 1);
%! amounts = 2 * rand(6, 1) - 1;
%! moved = warp_images(eye(9), 'shift', 1, 'seed', 1);
%! picture = reshape(moved(:, 5), 3, 3).';
%! assert(sum(picture, 2).' * [-1; 0; 1], amounts(1), 4 * eps);
%! assert(sum(picture, 1) * [-1; 0; 1], amounts(2), 4 * eps);
%!error <IMAGE_SIZE must be given for 6 features, which are no square> warp_images(X)
%!error <IMAGE_SIZE must fit 6 features, got 2x2> warp_images(X, 'image_size', [2, 2])
%!error <IMAGE_SIZE must have 2 values, height and width, got 1> warp_images(X, 'image_size', 6)
%!error <SCALE must be in \[0, 1\), got 1> warp_images(X, 'scale', 1)
%!error <X must not be empty> warp_images([])
%!error <Invalid call> warp_images()
