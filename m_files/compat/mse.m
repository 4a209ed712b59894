% -*- texinfo -*-
% @deftypefn {} {@var{value} =} mse (@var{a}, @var{b})
% Return the mean squared difference of two matrices of one size.
%
% The deep-learning article's name for @code{loss_mse}.  To minimise it over a model's weights,
% hand @code{optimize} a function that computes it, not its value.
%
% @example
% @group
% mse ([1, 2], [1, 4])
%    @result{} 2
% @end group
% @end example
% @seealso{loss_mse, optimize}
% @end deftypefn

function value = mse(a, b)
  if nargin ~= 2
    print_usage();
  end
  value = loss_mse(a, b);
end

%!assert(mse([1, 2; 3, 4], [1, 0; 0, 4]), 13 / 4)
%!assert(mse([1; 2], [1; 2]), 0)
%!assert(class(mse(single([1, 2]), [0, 0])), 'single')
%!error <TARGETS must have 1 outputs and 2 samples, got 2 and 1> mse([1, 2], [1; 2])
%!error <OUTPUTS must not be empty> mse([], [])
%!error <Invalid call> mse(1)
