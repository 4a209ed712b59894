% -*- texinfo -*-
% @deftypefn {} {[@var{w}, @var{mask}] =} prune_threshold (@var{w}, @var{threshold})
% Return the weights without those whose magnitude is below a threshold, and the mask.
%
% A weight stays where @code{abs (@var{w}) >= @var{threshold}}: the edge article's pruning
% with the mask the right way round.  @var{mask} is true where a weight stays.  NaN is refused.
%
% @example
% @group
% prune_threshold ([0.5, -0.001], 0.01)
%    @result{} 0.5000        0
% @end group
% @end example
% @seealso{prune_relative, prune_magnitude, prune_model}
% @end deftypefn

function [w, mask] = prune_threshold(w, threshold)
  if nargin ~= 2
    print_usage();
  end
  op = 'prune_threshold';
  w = check_matrix(op, 'W', w, 'inf');
  threshold = check_number(op, 'THRESHOLD', threshold, '[0, Inf]');
  mask = abs(w) >= threshold;
  w(~mask) = 0;
end

%!test
%! [w, mask] = prune_threshold([0.5, -0.01; -0.009, 0], 0.01);
%! assert(w, [0.5, -0.01; 0, 0]);
%! assert(mask, logical([1, 1; 0, 0]));
%!assert(class(prune_threshold(single([1, 2]), 1.5)), 'single')
%!assert(prune_threshold(zeros(0, 3), 1), zeros(0, 3))
%!error <W must not contain NaN> prune_threshold([1, NaN], 0.1)
%!error <THRESHOLD must be in \[0, Inf\], got -1> prune_threshold(1, -1)
%!error <W must be a real matrix> prune_threshold('a', 1)
%!error <Invalid call> prune_threshold(1)
