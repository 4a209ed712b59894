% -*- texinfo -*-
% @deftypefn {} {[@var{w}, @var{mask}] =} prune_magnitude (@var{w}, @var{sparsity})
% Return the weights without a given share of them, the smallest, and the mask.
%
% @code{round (@var{sparsity} * numel (@var{w}))} weights go; among equals the first in
% column-major order goes first.  @var{mask} is true where a weight stays.  NaN is refused.
%
% @example
% @group
% prune_magnitude ([3, -1; 2, 4], 0.5)
%    @result{} 3   0
%       0   4
% @end group
% @end example
% @seealso{prune_threshold, prune_neurons, prune_model}
% @end deftypefn

function [w, mask] = prune_magnitude(w, sparsity)
  if nargin ~= 2
    print_usage();
  end
  op = 'prune_magnitude';
  w = check_matrix(op, 'W', w, 'inf');
  sparsity = check_number(op, 'SPARSITY', sparsity, '[0, 1]');
  mask = keep_largest(abs(w), sparsity);
  w(~mask) = 0;
end

%!test
%! [w, mask] = prune_magnitude([3, -1; 2, 4], 0.5);
%! assert(w, [3, 0; 0, 4]);
%! assert(mask, logical([1, 0; 0, 1]));
%!assert(prune_magnitude([2, 2; 2, 2], 0.5), [0, 2; 0, 2])
%!assert(prune_magnitude([1, 2, 3, 4, 5], 0.5), [0, 0, 0, 4, 5])
%!assert(prune_magnitude(zeros(0, 2), 0.5), zeros(0, 2))
%!error <SPARSITY must be in \[0, 1\], got 1.5> prune_magnitude(1, 1.5)
%!error <SPARSITY must be in \[0, 1\], got NaN> prune_magnitude(1, NaN)

%!demo
%! % Half of the weights go, the smallest ones: a gap opens around zero.
%! if have_window_system()
%!   w = randn(100);
%!   pruned = prune_magnitude(w, 0.5);
%!   hist(pruned(pruned ~= 0), 50);
%!   xlabel('weights that stay');
%! end
