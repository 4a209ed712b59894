% -*- texinfo -*-
% @deftypefn {} {[@var{w}, @var{mask}] =} prune_quality (@var{w}, @var{quality})
% Return the weights without those that are small beside their spread, and the mask.
%
% The threshold of Han et al. 2015: a weight stays where @code{abs (@var{w}) >= @var{quality} * s},
% with @code{s} the standard deviation (Octave's @code{std}) of the weights that are not zero, so
% that what was pruned before does not count.  @var{quality} lies in [0, Inf).  NaN and Inf are
% refused.
%
% @example
% @group
% prune_quality ([2, -2, 0.5, -0.5], 1)
%    @result{} 2  -2   0   0
% @end group
% @end example
% @seealso{prune_threshold, prune_relative, prune_model}
% @end deftypefn

function [w, mask] = prune_quality(w, quality)
  if nargin ~= 2
    print_usage();
  end
  op = 'prune_quality';
  w = check_matrix(op, 'W', w);
  quality = check_number(op, 'QUALITY', quality, '[0, Inf)');
  [~, spread] = mean_and_std(w(w ~= 0));
  [w, mask] = prune_threshold(w, quality * spread);
end

%!test
%! [w, mask] = prune_quality([2, -2; 0.5, -0.5], 1);
%! assert(w, [2, -2; 0, 0]);
%! assert(mask, logical([1, 1; 0, 0]));
%!test
%! w = [1, -3, 0.2, 4, 0.7, -2];
%! [~, mask] = prune_quality([w, 0, 0], 0.5);
%! assert(mask, abs([w, 0, 0]) >= 0.5 * std(w));
%!assert(prune_quality(single([1e-30, -3e-30]), 1), single([0, -3e-30]))
%!assert(prune_quality(7, 5), 7)
%!assert(prune_quality(zeros(0, 3), 1), zeros(0, 3))
%!error <QUALITY must be in \[0, Inf\), got -1> prune_quality(1, -1)
%!error <W must not contain Inf> prune_quality(Inf, 1)
%!error <Invalid call> prune_quality(1)
