% -*- texinfo -*-
% @deftypefn  {} {@var{mask} =} surgery_mask (@var{w}, @var{mask}, @var{quality})
% @deftypefnx {} {@var{mask} =} surgery_mask (@dots{}, "margin", @var{margin})
% Return the mask of weights after one step of dynamic network surgery: pruned and grown again.
%
% The rule of Guo, Yao and Chen 2016.  @var{w} are the weights behind the mask too, which training
% goes on changing.  With the mean and the standard deviation (Octave's @code{std}) of
% @code{abs (@var{w})} where the mask is true, the threshold is
% @code{t = max (mean + @var{quality} * std, 0)}.  A weight that the mask keeps goes below
% @code{(1 - @var{margin}) * t}; one that was pruned comes back at @code{(1 + @var{margin}) * t};
% in between nothing changes.  @var{margin} lies in [0, 1) (default 0.1).
%
% @example
% @group
% surgery_mask ([1, 3, 1.9, 2.1, 5], logical ([1, 1, 1, 0, 0]), 0)
%    @result{} 0  1  1  0  1
% @end group
% @end example
% @seealso{prune_quality, sparsity_schedule}
% @end deftypefn

function mask = surgery_mask(w, mask, quality, varargin)
  if nargin < 3
    print_usage();
  end
  op = 'surgery_mask';
  options = parse_options(op, struct('margin', 0.1), varargin);
  w = check_matrix(op, 'W', w);
  mask = check_matrix(op, 'MASK', mask) ~= 0;
  check_same_size(op, 'MASK', mask, 'W', w);
  quality = check_number(op, 'QUALITY', quality, '(-Inf, Inf)');
  margin = check_number(op, 'MARGIN', options.margin, '[0, 1)');
  magnitude = abs(w);
  [center, spread] = mean_and_std(magnitude(mask));
  threshold = max(center + quality * spread, 0);
  mask = magnitude >= (1 + margin) * threshold | ...
         (mask & magnitude >= (1 - margin) * threshold);
end

%!test
%! kept = logical([1, 1, 1, 0, 0]);
%! assert(surgery_mask([1, 3, 1.9, 2.1, 5], kept, 0), logical([0, 1, 1, 0, 1]));
%! assert(surgery_mask([1, 3, 1.9, 2.1, 5], kept, 0, 'margin', 0), logical([0, 1, 0, 1, 1]));
%! assert(surgery_mask([1, 3, 1.9, 2.1, 5], kept, -9), true(1, 5));
%! t = mean([1, 3, 1.9]) + 0.5 * std([1, 3, 1.9]);
%! assert(surgery_mask([1, 3, 1.9, 2.1, 5], kept, 0.5), [1, 3, 1.9, 2.1, 5] > t);
%!assert(surgery_mask(zeros(0, 2), zeros(0, 2), 1), true(0, 2))
%!error <MASK must have the size of W, 1x2, got 1x1> surgery_mask([1, 2], 1, 1)
%!error <MARGIN must be in \[0, 1\), got 1> surgery_mask(1, 1, 1, 'margin', 1)
%!error <Invalid call> surgery_mask(1, 1)
