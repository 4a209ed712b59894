% -*- texinfo -*-
% @deftypefn {} {@var{schedule} =} sparsity_schedule @
% (@var{steps}, @var{first}, @var{last}, @var{initial}, @var{final})
% Return how sparse a network should be at given steps of gradual pruning, as a row.
%
% The cubic rule of Zhu and Gupta 2017: @var{initial} until the step @var{first}, @var{final} from
% the step @var{last}, and in between a mean of both, with the weight @code{(1 - t)^3} for
% @var{initial} and @code{t} from 0 to 1: much goes early, while there is much to spare.  Steps are
% real numbers; both sparsities lie in [0, 1].
%
% @example
% @group
% sparsity_schedule (0:5:20, 5, 15, 0, 0.8)
%    @result{} 0   0   0.7000   0.8000   0.8000
% @end group
% @end example
% @seealso{prune_model, prune_magnitude}
% @end deftypefn

function schedule = sparsity_schedule(steps, first, last, initial, final)
  if nargin ~= 5
    print_usage();
  end
  op = 'sparsity_schedule';
  steps = double(check_matrix(op, 'STEPS', steps));
  first = check_number(op, 'FIRST', first, '(-Inf, Inf)');
  last = check_number(op, 'LAST', last, '(-Inf, Inf)');
  if last <= first
    value_error(op, 'LAST', ['be larger than FIRST, ', number_text(first)], number_text(last));
  end
  initial = check_number(op, 'INITIAL', initial, '[0, 1]');
  final = check_number(op, 'FINAL', final, '[0, 1]');
  schedule = cubic_sparsity((reshape(steps, 1, []) - first) / (last - first), initial, final);
end

%!assert(sparsity_schedule(0:5:20, 5, 15, 0, 0.8), [0, 0, 0.7, 0.8, 0.8], eps)
%!assert(sparsity_schedule(single([-1; 9]), 0, 9, 0.9, 0.25), [0.9, 0.25])
%!assert(sparsity_schedule([], 0, 1, 0, 1), zeros(1, 0))
%!error <LAST must be larger than FIRST, 5, got 5> sparsity_schedule(1, 5, 5, 0, 1)
%!error <FINAL must be in \[0, 1\], got 1.5> sparsity_schedule(1, 0, 5, 0, 1.5)
%!error <STEPS must not contain NaN> sparsity_schedule(NaN, 0, 5, 0, 1)
%!error <Invalid call> sparsity_schedule(1, 2, 3, 4)
