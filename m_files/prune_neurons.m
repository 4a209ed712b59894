% -*- texinfo -*-
% @deftypefn {} {[@var{w}, @var{keep}] =} prune_neurons (@var{w}, @var{sparsity})
% Return the weights without a given share of neurons, those of smallest norm, and the rest.
%
% A neuron is a row of @var{w} and its norm is @code{sqrt (sum (@var{w} .^ 2, 2))}.
% @code{round (@var{sparsity} * rows (@var{w}))} neurons go, the first among equals.  The
% result has fewer rows; @var{keep} is true for those that stay.
%
% @example
% @group
% prune_neurons ([3, 4; 0.1, 0], 0.5)
%    @result{} 3   4
% @end group
% @end example
% @seealso{prune_magnitude, prune_model}
% @end deftypefn

function [w, keep] = prune_neurons(w, sparsity)
  if nargin ~= 2
    print_usage();
  end
  op = 'prune_neurons';
  w = check_matrix(op, 'W', w);
  sparsity = check_number(op, 'SPARSITY', sparsity, '[0, 1]');
  keep = keep_largest(row_norms(w), sparsity);
  w = w(keep, :);
  keep = keep.';
end

%!test
%! [w, keep] = prune_neurons([3, 4; 0.1, 0; 1, 1], 1 / 3);
%! assert(w, [3, 4; 1, 1]);
%! assert(keep, logical([1, 0, 1]));
%!assert(size(prune_neurons(ones(4, 2), 1)), [0, 2])
%!error <W must not contain Inf> prune_neurons([1, Inf], 0.5)
