% -*- texinfo -*-
% @deftypefn {} {[@var{dw}, @var{db}, @var{dX}] =} @
% dense_backward (@var{w}, @var{bias}, @var{X}, @var{gradient}, @var{activation})
% Return the derivatives of a loss with respect to one dense layer's weights, bias and inputs.
%
% @var{gradient} (out x samples) is the derivative with respect to the layer's outputs, those of
% @code{dense_forward (@var{w}, @var{bias}, @var{X}, @var{activation})}.
%
% @example
% @group
% dw = dense_backward ([1, 2], 0, [3; 4], 1, "linear")
%    @result{} 3   4
% @end group
% @end example
% @seealso{dense_forward, gradient_model}
% @end deftypefn

function [dw, db, dX] = dense_backward(w, bias, X, gradient, activation)
  if nargin ~= 5
    print_usage();
  end
  op = 'dense_backward';
  [w, bias, X] = check_dense(op, w, bias, X, activation);
  gradient = check_targets(op, 'GRADIENT', gradient, rows(w), columns(X), class(w));
  z = w * X + bias;
  dz = activation_backward(gradient, z, activate(z, activation), activation);
  dw = dz * X.';
  db = sum(dz, 2);
  dX = w.' * dz;
end

%!test
%! [dw, db, dX] = dense_backward([1, 2], 0, [3, 1; 4, 1], [1, 10], 'linear');
%! assert(dw, [13, 14]);
%! assert(db, 11);
%! assert(dX, [1, 10; 2, 20]);
%!test
%! [dw, db] = dense_backward([1, -1], 0, [1; 3], 1, 'relu');
%! assert(dw, [0, 0]);
%! assert(db, 0);
%!error <GRADIENT must have 1 outputs and 1 samples, got 2 and 1> ...
%! dense_backward([1, 2], 0, [3; 4], [1; 1], 'relu')
